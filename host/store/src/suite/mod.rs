//! The tests that every store has to pass.
//!
//! A test of an implementation names a function that makes an empty store and hands it to
//! [`store_suite!`](crate::store_suite), which makes one test of each case.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "these are tests")]

pub mod accepting;
pub mod beside;
pub mod dispatching;
pub mod limits;
pub mod operating;
pub mod opting;
pub mod parts;
pub mod receipts;
pub mod recorded;
pub mod registered;
pub mod sample;
mod steps;
pub mod walk;

/// One `#[tokio::test]` for each case of the suite. The argument is an expression that gives a
/// future of `(Arc<dyn Store>, guard)`, where the guard keeps the store's surroundings alive.
#[macro_export]
macro_rules! store_suite {
    ($make:expr) => {
        $crate::store_suite! { @in $make;
            accepting {
                messages_come_back_as_they_were,
                a_refused_message_is_stored_and_waits_for_nobody,
                a_repeated_request_is_answered_as_before,
                a_reused_key_is_told,
                a_key_is_forgotten_after_a_day,
                one_key_at_once_stores_one_message,
                a_taken_id_stores_nothing,
                what_is_stored_is_what_was_accepted,
            }
            limits {
                a_cap_holds_under_concurrency,
                the_longer_cap_names_the_time,
                a_request_over_a_cap_takes_nothing,
                a_tenant_rate_holds,
                a_key_rate_is_for_one_key,
                the_queue_depth_counts_what_waits,
                refused_messages_do_not_count_against_caps,
            }
            dispatching {
                urgent_messages_go_first_and_then_the_oldest,
                a_held_message_waits_for_its_time,
                a_provider_rate_is_exact,
                a_message_is_claimed_once,
                a_message_past_its_validity_expires,
                an_old_lease_cannot_settle,
                a_lost_lease_leaves_a_doubt,
                a_restart_ends_every_lease,
                every_outcome_has_its_state,
                another_route_takes_over,
                waiting_messages_are_rerouted,
                retries_end_as_a_dead_letter,
                waits_that_are_over_end,
            }
            receipts {
                a_receipt_delivers,
                a_receipt_before_the_answer_is_kept,
                a_receipt_by_our_own_id_needs_no_reference,
                a_repeated_receipt_is_no_news,
                a_late_receipt_changes_nothing_that_is_final,
                another_providers_receipt_changes_nothing,
                a_reference_is_known_after_the_message_has_moved_on,
                unknown_is_no_knowledge,
                a_trace_is_bounded,
            }
            operating {
                a_cancelled_message_is_not_claimed,
                cancel_and_claim_have_one_winner,
                a_tenant_cannot_cancel_what_is_not_its_own,
                a_dead_letter_is_redriven,
                a_dead_letter_is_discarded,
                old_messages_are_pruned,
                lists_are_paged_and_filtered,
            }
            beside {
                an_inbox_gives_until_it_is_acknowledged,
                a_repeated_inbound_is_known,
                an_inbound_goes_into_all_its_inboxes_or_none,
                inboxes_that_components_name_are_bounded,
                a_callback_is_held_retried_and_done,
                keys_are_found_and_revoked,
                a_use_of_a_key_is_kept_apart_from_it,
                a_ping_is_answered,
            }
            registered {
                a_change_follows_the_version_it_was_made_from,
                of_many_who_change_an_item_one_wins,
                items_are_listed_by_tenant_and_kind,
                news_moves_the_version_and_what_hosts_see_does_not,
                a_component_comes_back_as_it_was,
                a_component_that_several_put_is_whole,
            }
            parts {
                parts_become_whole_in_any_order,
                parts_at_once_are_whole_once,
                a_repeated_part_changes_nothing,
                a_part_that_comes_again_after_a_crash_leads_to_the_same_message,
                parts_of_other_messages_stay_apart,
                a_reference_that_is_used_again_begins_anew,
                a_message_that_stays_unfinished_is_handed_out,
                unfinished_messages_are_bounded,
                parts_that_make_no_sense_are_refused,
            }
            recorded {
                history_is_what_was_taken_in,
                history_is_paged_within_its_range,
            }
            opting {
                who_has_opted_out_gets_nothing,
                one_sender_is_not_the_others,
                an_opt_out_is_for_one_tenant,
                a_refused_message_may_name_who_has_opted_out,
                an_opt_out_takes_no_limit_and_a_repeated_request_is_answered,
                opt_outs_are_paged_and_found_by_number,
            }
            walk {
                any_order_of_steps_keeps_the_rules,
            }
        }
    };
    (@in $make:expr; $($module:ident { $($case:ident,)* })*) => {
        $(mod $module {
            #[allow(unused_imports, reason = "the expression may need none of it")]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (store, _guard) = $make.await;
                    $crate::suite::$module::$case(store).await;
                }
            )*
        })*
    };
}

//! Text planning and number parsing.

use std::hint::black_box;

use anyhow::{Context as _, Result};
use waypost_core::number::{Country, parse_recipient};
use waypost_core::text::{Body, PlanOptions, plan};

use crate::figure::{Report, median_ns};

/// Measures one call of each.
pub fn measure(report: &mut Report) -> Result<()> {
    let options = PlanOptions::default();
    let texts = [
        ("text planning, 40 characters GSM-7", "Your code is 123456. Do not tell anyone.".to_owned()),
        ("text planning, 160 characters GSM-7", "a".repeat(160)),
        ("text planning, 459 characters GSM-7, 3 segments", "a".repeat(459)),
        ("text planning, 300 emoji, 10 segments", "😀".repeat(300)),
    ];
    for (name, text) in texts {
        let body = Body::Text(text);
        plan(&body, &options).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        let ns = median_ns(50, 2_000, || drop(black_box(plan(black_box(&body), &options))));
        report.figure(name, ns / 1e3, "µs");
    }
    let britain = Country::parse("GB").ok().context("GB is a country")?.country;
    let numbers = [
        ("number parsing, E.164 GB mobile", "+447400123456", None),
        ("number parsing, E.164 US", "+12015550123", None),
        ("number parsing, local GB", "07400 123456", Some(britain)),
    ];
    for (name, number, region) in numbers {
        parse_recipient(number, region).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        let ns = median_ns(50, 2_000, || drop(black_box(parse_recipient(black_box(number), region))));
        report.figure(name, ns / 1e3, "µs");
    }
    Ok(())
}

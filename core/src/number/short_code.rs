//! Where short codes of which length exist.

use super::country::Country;

/// Whether short codes of `digits` digits are in use in a country.
///
/// The table knows lengths and not ranges on purpose: operators give out single codes every week
/// and no published list keeps up, while the lengths hardly change. A code with a leading zero is
/// never taken, because it cannot be told from a number with its trunk prefix.
pub(super) fn exists(country: Country, code: &str) -> bool {
    if code.starts_with('0') {
        return false;
    }
    LENGTHS.iter().any(|(lengths, countries)| {
        lengths.contains(&code.len())
            && countries.split_ascii_whitespace().any(|listed| listed == country.as_str())
    })
}

/// Lengths in digits, and the countries that have short codes of exactly these lengths. Facts from
/// libphonenumber's short number metadata 9.0.33, limited to 3 to 8 digits.
const LENGTHS: &[(&[usize], &str)] = &[
    (
        &[3],
        "AC AD AG AI AO AW BB BM BN BQ BS BY BZ CC CG CK CV CW CX DM DO EC EH ET FK GD GL GM GU \
         GW JM KN KP KY LA LB LC LS LY MA MC MG MH MM MN MO MP MS NF NR NU PA PE PH PR PW RE RU \
         RW SB SD SM SO SS ST SX SY SZ TC TJ TL TN TO TT TV UG VA VC VE VG VI VN VU WS XK YE YT \
         ZM",
    ),
    (&[3, 4], "AE AZ BI BJ CF CI CM CR DZ FO GY KG KI LI LK LR MV MZ NC NI NP NZ PK PS SC SR TG TH TW"),
    (&[3, 4, 5], "AM AR BD CL GH GT IL IQ KE KZ ML MU MX MY NA QA SG SH TR UY ZA"),
    (
        &[3, 4, 5, 6],
        "AL AT BA BR CH CN CZ DE DK EE ES FR GB GG GI HR HU IE IR LU LV MD ME NO RO RS SA SE SI \
         SK SN UA US",
    ),
    (&[3, 4, 5, 6, 7], "HK IT PG"),
    (&[3, 4, 5, 6, 7, 8], "AU IN"),
    (&[3, 4, 5, 8], "KR"),
    (&[3, 4, 6], "BE IS JE MK MQ NL PT"),
    (&[3, 5], "AF AS AX BH BO BT BW CD EG FJ GE GN HN HT JO KH KW MW NG SJ SL TZ UZ ZW"),
    (&[3, 5, 6], "CA CO FI GR ID IM PL SV"),
    (&[3, 6], "BG CY ER FM LT MT NE"),
    (&[3, 6, 7], "CU PY"),
    (&[3, 8], "JP"),
    (&[4], "GA OM"),
    (&[4, 6], "BL GF GP MF PM"),
];

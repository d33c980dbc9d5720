use super::super::{Country, ParsedCountry};
use super::country;

#[test]
fn codes_are_read_without_regard_to_case_and_space() {
    for (text, code) in [("GB", "GB"), (" GF", "GF"), ("\tfr\r\n", "FR"), ("xk", "XK"), ("AQ", "AQ")] {
        let parsed = Country::parse(text).unwrap();
        assert_eq!(parsed, ParsedCountry { country: country(code), alias_used: None }, "{text:?}");
        assert_eq!(parsed.country.to_string(), code);
    }
}

#[test]
fn uk_is_great_britain_and_says_so() {
    for text in ["UK", "uk", " Uk "] {
        let parsed = Country::parse(text).unwrap();
        assert_eq!(parsed.country.as_str(), "GB");
        assert_eq!(parsed.alias_used, Some("UK"));
    }
}

#[test]
fn what_is_no_country_is_refused_with_the_nearest_code() {
    for (text, nearest) in [
        ("GBR", Some("GB")),
        ("USA", Some("US")),
        ("france", Some("FR")),
        ("XG", Some("XK")),
        ("GZ", Some("GY")),
        ("YU", Some("UY")),
        ("", None),
        ("12", None),
        ("ÄÖ", None),
        ("001", None),
    ] {
        let error = Country::parse(text).unwrap_err();
        assert_eq!(error.nearest.map(|c| c.to_string()).as_deref(), nearest, "{text:?}");
        assert_eq!(error.code(), "country_unknown");
    }
    assert_eq!(
        Country::parse("GBR").unwrap_err().to_string(),
        "`GBR` is no country code; did you mean `GB`?"
    );
}

#[test]
fn the_table_is_sorted_and_complete() {
    let all: Vec<Country> = Country::all().collect();
    assert!(all.is_sorted());
    assert_eq!(all.len(), 249 + 3);
}

#[test]
fn json_is_the_code() {
    assert_eq!(serde_json::to_string(&country("DE")).unwrap(), r#""DE""#);
    assert_eq!(serde_json::from_str::<Country>(r#"" de ""#).unwrap(), country("DE"));
    assert!(serde_json::from_str::<Country>(r#""ZZ""#).is_err());
}

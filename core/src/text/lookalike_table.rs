//! The characters that stand in for others, as data.

/// Each character outside GSM-7 that has a look-alike inside, and that
/// look-alike; sorted by character. Empty for a character that cannot be seen.
/// Full-width ASCII is a rule and not in here.
///
/// Written as numbers, because the characters cannot be told apart in an editor.
#[rustfmt::skip]
pub(super) static LOOKALIKES: &[(char, &str)] = &[
    ('\u{0009}', " "), // character tabulation
    ('\u{000B}', "\n"), // line tabulation
    ('\u{0060}', "'"), // grave accent
    ('\u{0085}', "\n"), // next line
    ('\u{00A0}', " "), // no-break space
    ('\u{00A6}', "|"), // broken bar
    ('\u{00A9}', "(C)"), // copyright sign
    ('\u{00AB}', "\""), // left-pointing double angle quotation mark
    ('\u{00AD}', ""), // soft hyphen
    ('\u{00AE}', "(R)"), // registered sign
    ('\u{00B4}', "'"), // acute accent
    ('\u{00B7}', "*"), // middle dot
    ('\u{00BB}', "\""), // right-pointing double angle quotation mark
    ('\u{00D7}', "x"), // multiplication sign
    ('\u{0132}', "IJ"), // latin capital ligature ij
    ('\u{0133}', "ij"), // latin small ligature ij
    ('\u{0152}', "OE"), // latin capital ligature oe
    ('\u{0153}', "oe"), // latin small ligature oe
    ('\u{02B9}', "'"), // modifier letter prime
    ('\u{02BA}', "\""), // modifier letter double prime
    ('\u{02BB}', "'"), // modifier letter turned comma
    ('\u{02BC}', "'"), // modifier letter apostrophe
    ('\u{02BD}', "'"), // modifier letter reversed comma
    ('\u{02C6}', "^"), // modifier letter circumflex accent
    ('\u{02C8}', "'"), // modifier letter vertical line
    ('\u{02CA}', "'"), // modifier letter acute accent
    ('\u{02CB}', "'"), // modifier letter grave accent
    ('\u{02D7}', "-"), // modifier letter minus sign
    ('\u{02DC}', "~"), // small tilde
    ('\u{034F}', ""), // combining grapheme joiner
    ('\u{0374}', "'"), // greek numeral sign
    ('\u{037E}', ";"), // greek question mark
    ('\u{0391}', "A"), // greek capital letter alpha
    ('\u{0392}', "B"), // greek capital letter beta
    ('\u{0395}', "E"), // greek capital letter epsilon
    ('\u{0396}', "Z"), // greek capital letter zeta
    ('\u{0397}', "H"), // greek capital letter eta
    ('\u{0399}', "I"), // greek capital letter iota
    ('\u{039A}', "K"), // greek capital letter kappa
    ('\u{039C}', "M"), // greek capital letter mu
    ('\u{039D}', "N"), // greek capital letter nu
    ('\u{039F}', "O"), // greek capital letter omicron
    ('\u{03A1}', "P"), // greek capital letter rho
    ('\u{03A4}', "T"), // greek capital letter tau
    ('\u{03A5}', "Y"), // greek capital letter upsilon
    ('\u{03A7}', "X"), // greek capital letter chi
    ('\u{0405}', "S"), // cyrillic capital letter dze
    ('\u{0406}', "I"), // cyrillic capital letter byelorussian-ukrainian i
    ('\u{0408}', "J"), // cyrillic capital letter je
    ('\u{0410}', "A"), // cyrillic capital letter a
    ('\u{0412}', "B"), // cyrillic capital letter ve
    ('\u{0413}', "Γ"), // cyrillic capital letter ghe
    ('\u{0415}', "E"), // cyrillic capital letter ie
    ('\u{041A}', "K"), // cyrillic capital letter ka
    ('\u{041C}', "M"), // cyrillic capital letter em
    ('\u{041D}', "H"), // cyrillic capital letter en
    ('\u{041E}', "O"), // cyrillic capital letter o
    ('\u{041F}', "Π"), // cyrillic capital letter pe
    ('\u{0420}', "P"), // cyrillic capital letter er
    ('\u{0421}', "C"), // cyrillic capital letter es
    ('\u{0422}', "T"), // cyrillic capital letter te
    ('\u{0424}', "Φ"), // cyrillic capital letter ef
    ('\u{0425}', "X"), // cyrillic capital letter ha
    ('\u{061C}', ""), // arabic letter mark
    ('\u{1680}', " "), // ogham space mark
    ('\u{180E}', ""), // mongolian vowel separator
    ('\u{1E9E}', "ß"), // latin capital letter sharp s
    ('\u{2000}', " "), // en quad
    ('\u{2001}', " "), // em quad
    ('\u{2002}', " "), // en space
    ('\u{2003}', " "), // em space
    ('\u{2004}', " "), // three-per-em space
    ('\u{2005}', " "), // four-per-em space
    ('\u{2006}', " "), // six-per-em space
    ('\u{2007}', " "), // figure space
    ('\u{2008}', " "), // punctuation space
    ('\u{2009}', " "), // thin space
    ('\u{200A}', " "), // hair space
    ('\u{200B}', ""), // zero width space
    ('\u{200C}', ""), // zero width non-joiner
    ('\u{200D}', ""), // zero width joiner
    ('\u{200E}', ""), // left-to-right mark
    ('\u{200F}', ""), // right-to-left mark
    ('\u{2010}', "-"), // hyphen
    ('\u{2011}', "-"), // non-breaking hyphen
    ('\u{2012}', "-"), // figure dash
    ('\u{2013}', "-"), // en dash
    ('\u{2014}', "-"), // em dash
    ('\u{2015}', "-"), // horizontal bar
    ('\u{2018}', "'"), // left single quotation mark
    ('\u{2019}', "'"), // right single quotation mark
    ('\u{201A}', "'"), // single low-9 quotation mark
    ('\u{201B}', "'"), // single high-reversed-9 quotation mark
    ('\u{201C}', "\""), // left double quotation mark
    ('\u{201D}', "\""), // right double quotation mark
    ('\u{201E}', "\""), // double low-9 quotation mark
    ('\u{201F}', "\""), // double high-reversed-9 quotation mark
    ('\u{2022}', "*"), // bullet
    ('\u{2023}', "*"), // triangular bullet
    ('\u{2024}', "."), // one dot leader
    ('\u{2025}', ".."), // two dot leader
    ('\u{2026}', "..."), // horizontal ellipsis
    ('\u{2028}', "\n"), // line separator
    ('\u{2029}', "\n"), // paragraph separator
    ('\u{202A}', ""), // left-to-right embedding
    ('\u{202B}', ""), // right-to-left embedding
    ('\u{202C}', ""), // pop directional formatting
    ('\u{202D}', ""), // left-to-right override
    ('\u{202F}', " "), // narrow no-break space
    ('\u{2032}', "'"), // prime
    ('\u{2033}', "\""), // double prime
    ('\u{2034}', "'''"), // triple prime
    ('\u{2035}', "'"), // reversed prime
    ('\u{2036}', "\""), // reversed double prime
    ('\u{2039}', "<"), // single left-pointing angle quotation mark
    ('\u{203A}', ">"), // single right-pointing angle quotation mark
    ('\u{203C}', "!!"), // double exclamation mark
    ('\u{2043}', "-"), // hyphen bullet
    ('\u{2044}', "/"), // fraction slash
    ('\u{2047}', "??"), // double question mark
    ('\u{2048}', "?!"), // question exclamation mark
    ('\u{2049}', "!?"), // exclamation question mark
    ('\u{205F}', " "), // medium mathematical space
    ('\u{2060}', ""), // word joiner
    ('\u{2061}', ""), // function application
    ('\u{2062}', ""), // invisible times
    ('\u{2063}', ""), // invisible separator
    ('\u{2064}', ""), // invisible plus
    ('\u{2066}', ""), // left-to-right isolate
    ('\u{2067}', ""), // right-to-left isolate
    ('\u{2068}', ""), // first strong isolate
    ('\u{2069}', ""), // pop directional isolate
    ('\u{2116}', "No"), // numero sign
    ('\u{2122}', "(TM)"), // trade mark sign
    ('\u{2126}', "Ω"), // ohm sign
    ('\u{212A}', "K"), // kelvin sign
    ('\u{212B}', "Å"), // angstrom sign
    ('\u{2190}', "<-"), // leftwards arrow
    ('\u{2192}', "->"), // rightwards arrow
    ('\u{21D2}', "=>"), // rightwards double arrow
    ('\u{2206}', "Δ"), // increment
    ('\u{220F}', "Π"), // n-ary product
    ('\u{2211}', "Σ"), // n-ary summation
    ('\u{2212}', "-"), // minus sign
    ('\u{2215}', "/"), // division slash
    ('\u{2216}', "\\"), // set minus
    ('\u{2217}', "*"), // asterisk operator
    ('\u{2219}', "*"), // bullet operator
    ('\u{2223}', "|"), // divides
    ('\u{2236}', ":"), // ratio
    ('\u{223C}', "~"), // tilde operator
    ('\u{2264}', "<="), // less-than or equal to
    ('\u{2265}', ">="), // greater-than or equal to
    ('\u{22C5}', "*"), // dot operator
    ('\u{22EF}', "..."), // midline horizontal ellipsis
    ('\u{25CF}', "*"), // black circle
    ('\u{25E6}', "*"), // white bullet
    ('\u{2800}', " "), // braille pattern blank
    ('\u{3000}', " "), // ideographic space
    ('\u{FB00}', "ff"), // latin small ligature ff
    ('\u{FB01}', "fi"), // latin small ligature fi
    ('\u{FB02}', "fl"), // latin small ligature fl
    ('\u{FB03}', "ffi"), // latin small ligature ffi
    ('\u{FB04}', "ffl"), // latin small ligature ffl
    ('\u{FB05}', "st"), // latin small ligature long s t
    ('\u{FB06}', "st"), // latin small ligature st
    ('\u{FE0E}', ""), // variation selector-15
    ('\u{FE0F}', ""), // variation selector-16
    ('\u{FE58}', "-"), // small em dash
    ('\u{FE63}', "-"), // small hyphen-minus
    ('\u{FEFF}', ""), // zero width no-break space
    ('\u{FF40}', "'"), // fullwidth grave accent
    ('\u{FFE1}', "£"), // fullwidth pound sign
    ('\u{FFE5}', "¥"), // fullwidth yen sign
];

/// Letters of GSM-7 that some keyboards and file names write as two
/// characters: base, combining mark, the same letter as one character
/// (canonical equivalence, Unicode normalisation form C). Sorted.
#[rustfmt::skip]
pub(super) static DECOMPOSED: &[(char, char, &str)] = &[
    ('A', '\u{0308}', "Ä"),
    ('A', '\u{030A}', "Å"),
    ('C', '\u{0327}', "Ç"),
    ('E', '\u{0301}', "É"),
    ('N', '\u{0303}', "Ñ"),
    ('O', '\u{0308}', "Ö"),
    ('U', '\u{0308}', "Ü"),
    ('a', '\u{0300}', "à"),
    ('a', '\u{0308}', "ä"),
    ('a', '\u{030A}', "å"),
    ('e', '\u{0300}', "è"),
    ('e', '\u{0301}', "é"),
    ('i', '\u{0300}', "ì"),
    ('n', '\u{0303}', "ñ"),
    ('o', '\u{0300}', "ò"),
    ('o', '\u{0308}', "ö"),
    ('u', '\u{0300}', "ù"),
    ('u', '\u{0308}', "ü"),
];

use super::{Decode, FieldKey, Reader, Slice, Struct, SyntaxError};

/// A struct whose field names differ in case only, which no type of the controller has.
#[derive(Debug, Default, PartialEq)]
struct Twins {
    lower: String,
    upper: String,
}

impl Struct for Twins {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([("key", &mut self.lower), ("KEY", &mut self.upper)])
    }
}

#[derive(Debug, Default, PartialEq)]
struct Holder {
    value: String,
    numbers: Slice<i32>,
    flag: bool,
    pointer: Option<i32>,
}

impl Struct for Holder {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("value", &mut self.value),
            ("numbers", &mut self.numbers),
            ("flag", &mut self.flag),
            ("pointer", &mut self.pointer),
        ])
    }
}

fn decode<T: Decode + Default>(json: impl AsRef<[u8]>) -> Result<T, String> {
    let mut reader = Reader::over(json.as_ref()).map_err(|error| error.to_string())?;
    let mut value = T::default();
    value
        .decode(&mut reader)
        .map_err(|error| error.to_string())?;
    Ok(value)
}

fn holder(json: impl AsRef<[u8]>) -> Holder {
    decode(json).unwrap()
}

fn string(json: impl AsRef<[u8]>) -> String {
    decode(json).unwrap()
}

fn syntax_error(json: impl AsRef<[u8]>) -> SyntaxError {
    match Reader::over(json.as_ref()) {
        Ok(_) => panic!("this is JSON"),
        Err(error) => error,
    }
}

#[test]
fn an_exact_key_beats_one_that_folds() {
    let twins: Twins = decode(r#"{"KEY":"upper","key":"lower"}"#).unwrap();
    assert_eq!((&*twins.lower, &*twins.upper), ("lower", "upper"));
}

#[test]
fn a_key_in_another_case_means_the_first_field_that_folds_to_it() {
    let twins: Twins = decode(r#"{"Key":"x"}"#).unwrap();
    assert_eq!((&*twins.lower, &*twins.upper), ("x", ""));
    let twins: Twins = decode("{\"\u{212a}ey\":\"kelvin\"}").unwrap();
    assert_eq!(twins.lower, "kelvin");
}

#[test]
fn other_letters_that_look_alike_do_not_fold() {
    for key in [
        "po\u{131}nter",
        "po\u{130}nter",
        "p\u{43e}inter",
        "\u{ff50}ointer",
        "pointer ",
        "pointe",
        "pointers",
        "",
    ] {
        let json = format!(r#"{{"{key}":1}}"#);
        assert_eq!(holder(json).pointer, None, "{key}");
    }
}

#[test]
fn escapes_in_a_key_count_as_what_they_say() {
    assert_eq!(holder(r#"{"\u0076\u0061lue":"x"}"#).value, "x");
    assert_eq!(holder(r#"{"value\u0000":"x"}"#).value, "");
}

#[test]
fn an_array_given_again_is_decoded_into_the_elements_that_are_there() {
    let numbers = |json: &str| holder(json).numbers.to_vec();
    assert_eq!(numbers(r#"{"numbers":[1,2,3],"numbers":[null,5]}"#), [1, 5]);
    assert_eq!(
        numbers(r#"{"numbers":[1,2,3],"numbers":[4],"numbers":[null,null,null,null]}"#),
        [4, 2, 3, 0]
    );
}

#[test]
fn only_an_empty_array_or_null_forgets_the_elements_behind_the_end() {
    for clearing in ["[]", "null", "[ ]"] {
        let json = format!(r#"{{"numbers":[1,2],"numbers":{clearing},"numbers":[null,null]}}"#);
        assert_eq!(holder(json).numbers.to_vec(), [0, 0], "{clearing}");
    }
}

#[test]
fn slices_are_equal_when_the_elements_that_count_are() {
    assert_eq!(
        holder(r#"{"numbers":[1,2],"numbers":[3]}"#),
        holder(r#"{"numbers":[3]}"#)
    );
    assert_ne!(holder(r#"{"numbers":[1]}"#), holder(r#"{"numbers":[1,1]}"#));
}

#[test]
fn null_empties_pointers_and_leaves_plain_fields() {
    let held =
        holder(r#"{"value":"x","flag":true,"pointer":1,"value":null,"flag":null,"pointer":null}"#);
    assert_eq!((&*held.value, held.flag, held.pointer), ("x", true, None));
}

#[test]
fn null_as_the_whole_text_decodes_to_nothing() {
    assert_eq!(holder(" null "), Holder::default());
}

#[test]
fn every_escape_is_resolved() {
    assert_eq!(
        string(r#""a\b\f\n\r\t\"\\\/\u00e9\u20AC\ud83d\ude00z""#),
        "a\u{8}\u{c}\n\r\t\"\\/\u{e9}\u{20ac}\u{1f600}z"
    );
}

#[test]
fn half_a_surrogate_pair_is_the_replacement_character() {
    for (json, text) in [
        (r#""\ud800""#, "\u{fffd}"),
        (r#""\udc00\ud800""#, "\u{fffd}\u{fffd}"),
        (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
        (r#""\ud83dx\ude00""#, "\u{fffd}x\u{fffd}"),
        (r#""\ud83d\n""#, "\u{fffd}\n"),
        (r#""\ud83d\u0041""#, "\u{fffd}A"),
    ] {
        assert_eq!(string(json), text, "{json}");
    }
}

#[test]
fn each_byte_that_is_no_utf8_is_a_replacement_character() {
    assert_eq!(
        string(b"\"a\xf0\x9f\x98b\xffc\xe2\x82\""),
        "a\u{fffd}\u{fffd}\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}"
    );
    assert_eq!(string(b"\"\xc3\xa9\\n\xc3\""), "\u{e9}\n\u{fffd}");
}

#[test]
fn integers_have_32_bits_and_are_written_as_integers() {
    for (json, number) in [
        ("0", 0),
        ("-0", 0),
        ("2147483647", i32::MAX),
        ("-2147483648", i32::MIN),
    ] {
        assert_eq!(decode::<i32>(json), Ok(number), "{json}");
    }
    for json in [
        "2147483648",
        "-2147483649",
        "1.0",
        "1e0",
        "1E0",
        "-0.0",
        "99999999999999999999",
        r#""1""#,
        "true",
        "[1]",
        "{}",
    ] {
        assert!(decode::<i32>(json).is_err(), "{json}");
    }
}

#[test]
fn what_no_field_matches_is_skipped_whatever_it_holds() {
    let json = r#"{"x":{"value":"no","y":[{"]":"}"},"\"",[[]],{}]},"n":1e999,"m":-1.5E+300,"value":"yes","z":[]}"#;
    assert_eq!(holder(json).value, "yes");
}

#[test]
fn space_may_stand_between_all_tokens() {
    let json = " \t\r\n{ \"numbers\" : [ 1 , 2 ] \n, \"x\" : [ { } , [ ] ] ,\"value\":\t\"v\" } \n";
    let held = holder(json);
    assert_eq!((held.numbers.to_vec(), &*held.value), (vec![1, 2], "v"));
    for space in ["\u{b}", "\u{c}", "\u{a0}", "\u{2028}"] {
        assert_eq!(syntax_error(format!("{space}{{}}")).offset(), 0);
    }
}

#[test]
fn a_syntax_error_says_where_it_is() {
    for (json, offset) in [
        ("", 0),
        ("  ", 2),
        ("{", 1),
        ("[1,]", 3),
        (r#"{"a":1,}"#, 7),
        ("{,}", 1),
        ("[,]", 1),
        (r#"{"a"}"#, 4),
        (r#"{"a":}"#, 5),
        (r#"{"a" 1}"#, 5),
        (r#"{"a":1 "b":2}"#, 7),
        ("{a:1}", 1),
        ("{'a':1}", 1),
        ("[1 2]", 3),
        ("[1}", 2),
        (r#"{"a":1]"#, 6),
        ("{} x", 3),
        ("{}{}", 2),
        ("01", 1),
        ("-", 1),
        ("-x", 1),
        ("+1", 0),
        (".5", 0),
        ("1.", 2),
        ("1.e", 2),
        ("1e", 2),
        ("1e+", 3),
        ("1ex", 2),
        ("truE", 3),
        ("nul", 3),
        ("nulll", 4),
        ("True", 0),
        ("NaN", 0),
        (r#""abc"#, 4),
        ("\"a\nb\"", 2),
        ("\"a\tb\"", 2),
        ("\"a\u{1f}b\"", 2),
        (r#""\x""#, 2),
        (r#""\'""#, 2),
        (r#""\u12g4""#, 5),
        (r#""\u12""#, 5),
        (r#""\"#, 2),
        ("\u{feff}{}", 0),
        ("// x", 0),
    ] {
        assert_eq!(syntax_error(json).offset(), offset, "{json:?}");
    }
}

#[test]
fn lines_and_columns_count_from_one_and_in_characters() {
    let error = syntax_error("{\n \"\u{e9}\u{20ac}\": x}");
    assert_eq!((error.line(), error.column()), (2, 8));
    assert_eq!(
        error.to_string(),
        "`x` where a value is needed at line 2, column 8"
    );
    assert_eq!(
        syntax_error("{").to_string(),
        "the text ends where a key in double quotes is needed at line 1, column 2"
    );
    assert_eq!(
        syntax_error("\u{feff}{}").to_string(),
        "byte 0xEF where a value is needed at line 1, column 1"
    );
}

#[test]
fn a_type_error_names_the_field_as_its_type_spells_it() {
    for (json, message) in [
        ("[]", "the whole is an array, not an object"),
        (r#"{"VALUE":1.5}"#, "`value` is 1.5, not a string"),
        (
            r#"{"numbers":[1,{}]}"#,
            "`numbers[1]` is an object, not an integer of 32 bits",
        ),
        (r#"{"numbers":"x"}"#, "`numbers` is a string, not an array"),
        (r#"{"flag":0}"#, "`flag` is 0, not a boolean"),
        (
            r#"{"pointer":1e3}"#,
            "`pointer` is 1e3, not an integer of 32 bits",
        ),
    ] {
        assert_eq!(decode::<Holder>(json), Err(message.to_owned()), "{json}");
    }
}

/// On a stack of 64 KiB: a decoder that recursed on the text would overflow it.
#[test]
fn the_text_may_nest_ten_thousand_levels_deep_and_no_deeper() {
    let run = || {
        for (open, close) in [("[", "]"), ("{\"y\":", "}")] {
            let nested = |levels: usize| {
                let (open, close) = (open.repeat(levels - 1), close.repeat(levels - 1));
                format!("{{\"x\":{open}1{close}}}")
            };
            assert_eq!(holder(nested(9_999)), Holder::default());
            assert_eq!(holder(nested(10_000)), Holder::default());
            let too_deep = syntax_error(nested(10_001));
            assert_eq!(too_deep.offset(), 5 + 9_999 * open.len());
            assert!(too_deep.to_string().contains("10000 levels"));
        }
    };
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

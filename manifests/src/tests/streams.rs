//! What becomes of a source whose documents are of all kinds.

use super::super::{Origin, load};
use super::{
    SERVICE, assert_only_error, assert_only_note, assert_silent, errors, load_text, names,
};

#[test]
fn a_broken_document_hides_none_of_the_others() {
    let loaded = load_text(&format!("{SERVICE}---\na: b: c\n---\n{SERVICE}"));
    assert_eq!(names(&loaded), ["Service/a", "Service/a"]);
    assert_only_error(&loaded, "6:5: a `:` that cannot be here");
    let bytes = [
        SERVICE.as_bytes(),
        b"---\na: \xFF\n---\n",
        SERVICE.as_bytes(),
    ]
    .concat();
    let loaded = load("test.yaml", bytes);
    assert_eq!(names(&loaded), ["Service/a", "Service/a"]);
    assert_only_error(&loaded, "6:4: not UTF-8");
    let loaded = load_text(&format!("{SERVICE}---\na: \0\n---\n{SERVICE}"));
    assert_eq!(names(&loaded), ["Service/a", "Service/a"]);
    assert_only_error(&loaded, "6:4: a NUL character");
}

#[test]
fn separators_in_all_their_forms_lose_no_object() {
    for text in [
        format!("---\n{SERVICE}--- # x\n{SERVICE}---\n---\n"),
        format!("{SERVICE}...\n{SERVICE}"),
        format!("%YAML 1.1\n---\n{SERVICE}...\n---\n{SERVICE}...\n"),
        format!("{SERVICE}---\r\n{SERVICE}").replace('\n', "\r\n"),
        format!("\u{FEFF}{SERVICE}---\n\u{FEFF}{SERVICE}"),
        format!("--- {{apiVersion: v1, kind: Service, metadata: {{name: a}}}}\n--- !x\n{SERVICE}"),
        format!(
            "{SERVICE}---\n{{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {{\"name\": \"a\"}}}}"
        ),
        format!("{SERVICE}--- &x\n{SERVICE}"),
    ] {
        let loaded = load_text(&text);
        assert_silent(&loaded);
        assert_eq!(names(&loaded), ["Service/a", "Service/a"], "{text:?}");
    }
}

#[test]
fn nothing_is_said_of_nothing() {
    for text in [
        "",
        "\n",
        "---\n---\n",
        "# a\n---\n# b",
        "null",
        "~\n---\n",
        "\u{FEFF}",
        "...",
        "--- # x",
    ] {
        let loaded = load_text(text);
        assert_silent(&loaded);
        assert_eq!(names(&loaded), Vec::<String>::new(), "{text:?}");
    }
}

#[test]
fn templates_are_skipped_with_a_note_that_says_how_to_render_them() {
    for (text, place) in [
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n",
            "4:9",
        ),
        ("{{- if .Values.x }}\napiVersion: v1\n{{- end }}\n", "1:1"),
        ("a:\n  {{- toYaml . | nindent 2 }}\n", "2:3"),
        ("{\"a\": {{ .x }}}\n", "1:7"),
        ("{{ include \"x\" . }}\n", "1:1"),
        ("{\"a\":\n{{ x }}\n{{ y }}\n}\n", "2:1"),
        ("a: *x{{ y }}\n", "1:6"),
    ] {
        let loaded = load_text(&format!("{text}---\n{SERVICE}"));
        assert_eq!(errors(&loaded), Vec::<String>::new(), "{text}");
        assert_eq!(names(&loaded), ["Service/a"], "{text}");
        assert_only_note(
            &loaded,
            &format!("{place}: a template (`{{{{`), not a manifest"),
        );
        assert!(
            loaded.notes[0]
                .message
                .contains("helm template … | l7guard check -")
        );
    }
}

#[test]
fn braces_in_a_text_make_no_template() {
    let loaded = load_text(&format!("{SERVICE}  annotations: {{a: '{{{{ x }}}}'}}\n"));
    assert_silent(&loaded);
    assert_eq!(names(&loaded), ["Service/a"]);
}

#[test]
fn braces_excuse_no_bound_and_no_damaged_file() {
    let loaded = load_text(&format!("a: '{{{{ x }}}}'\nb: {}", "[".repeat(2_000)));
    assert_only_error(&loaded, "2:1004: nested more than 1000 levels deep");
    let loaded = load_text("a: '{{ x }}'\nb: \0");
    assert_only_error(&loaded, "2:4: a NUL character");
}

#[test]
fn wide_encodings_are_refused_by_name() {
    let wide: Vec<u8> = SERVICE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let loaded = load("test.yaml", wide);
    assert_eq!(names(&loaded), Vec::<String>::new());
    assert_only_error(&loaded, "1:1: the text is UTF-16");
}

#[test]
fn line_breaks_that_only_kubectl_knows_are_noted() {
    let loaded = load_text(&format!("{SERVICE}# x\u{2028}spec: {{}}\n"));
    assert_eq!(names(&loaded), ["Service/a"]);
    assert_only_note(&loaded, "5:4: kubectl takes this invisible character");
}

#[test]
fn messages_about_one_source_are_bounded() {
    let loaded = load_text(&"a: b: c\n---\n".repeat(3_000));
    assert_eq!(loaded.errors.len(), 1_001);
    assert_eq!(
        loaded.errors[1_000].message,
        "there are more errors than are told"
    );
    let loaded = load_text(&format!("{}{SERVICE}", "a: b\n---\n".repeat(3_000)));
    assert_eq!(loaded.notes.len(), 1_001);
    assert_eq!(names(&loaded), ["Service/a"]);
}

#[test]
fn an_error_says_whether_the_source_a_document_or_an_object_is_its_origin() {
    let origins = |bytes: &[u8]| -> Vec<Origin> {
        let errors = load("test.yaml", bytes.to_vec()).errors;
        errors.into_iter().map(|error| error.origin).collect()
    };
    assert_eq!(origins(b"\xFF\xFEa\0"), [Origin::Source]);
    let text = format!("{SERVICE}---\na: b: c\n---\napiVersion: v1\nkind: [Service]\n");
    assert_eq!(origins(text.as_bytes()), [Origin::Document, Origin::Object]);
    let list = "apiVersion: v1\nkind: List\nitems: [1]\n";
    assert_eq!(origins(list.as_bytes()), [Origin::Object]);
}

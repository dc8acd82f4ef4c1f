//! The reader answers every text: it does not panic, its positions are within the text, and it does not take long.

use portolan::load::File;
use portolan::manifest::{self};
use portolan_base::tree::Node;
use portolan_tests::lines;
use std::time::{Duration, Instant};

fn holds(node: &Node, text: &str) {
    let (start, end) = (node.place.start as usize, node.place.end as usize);
    assert!(start <= end && end <= text.len(), "{start}..{end} is not within {text:?}");
    assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{start}..{end} cuts {text:?}");
    node.items().iter().for_each(|item| holds(item, text));
    node.members().iter().for_each(|(_, value)| holds(value, text));
}

fn read(text: &str) {
    let rows = u32::try_from(text.split('\n').count()).unwrap_or(u32::MAX);
    for document in portolan_yaml::read(text) {
        match document {
            Ok(node) => holds(&node, text),
            // The end of the text may count as a line of its own.
            Err(error) => assert!((1..=rows + 1).contains(&error.line) && error.column >= 1, "{error:?} of {text:?}"),
        }
    }
    drop(manifest::objects(text));
    for comment in portolan_yaml::comments(text) {
        assert_eq!(text.get(comment.range.clone()), Some(comment.text));
        assert!(comment.text.starts_with('#') && !comment.text.contains('\n'), "{:?} of {text:?}", comment.text);
        assert!(text.get(comment.document.clone()).is_some(), "{:?} is no part of {text:?}", comment.document);
    }
}

/// Comments that suppress findings are read anywhere in a text, and the edits that remove them are within the text.
#[test]
fn comments_in_any_text_are_answered() {
    let mut read = 0;
    for record in lines("yaml.jsonl.gz").iter().step_by(7) {
        let plain = record["text"].as_str().unwrap();
        for (at, _) in plain.match_indices('\n').chain([(plain.len(), "")]) {
            let text =
                format!("{} # portolan: ignore[NET, SVC001]{}", plain.get(..at).unwrap(), plain.get(at..).unwrap());
            let file = File { name: "a.yaml".into(), text: text.as_str().into() };
            for finding in portolan::suppression::suppress(Vec::new(), [&file]) {
                read += 1;
                for edit in finding.fix {
                    let range = edit.range.start as usize..edit.range.end as usize;
                    assert!(
                        text.get(range).is_some_and(|gone| gone.contains("portolan: ")),
                        "{:?} of {text:?}",
                        edit.range
                    );
                }
            }
        }
    }
    assert!(read > 1000, "only {read} comments were read");
}

#[test]
fn every_beginning_of_a_text_is_answered() {
    for (number, record) in lines("yaml.jsonl.gz").iter().enumerate() {
        let text = record["text"].as_str().unwrap();
        let ends = text.char_indices().map(|(at, _)| at).filter(|at| at % 23 == number % 23);
        ends.chain([text.len()]).for_each(|end| read(text.get(..end).unwrap_or_default()));
    }
}

/// Texts on which a reader with quadratic time would take long.
#[test]
fn no_text_takes_long() {
    let wide: String = (0..40_000).map(|number| format!("k{number}: &a{number} 1\n")).collect();
    let aliases: String = (0..40_000).map(|number| format!("- &a{number} x\n- *a{number}\n")).collect();
    let documents = "---\na: 1\n".repeat(40_000);
    let texts = [
        "[".repeat(400_000),
        "[\n".repeat(200_000),
        "{a: ".repeat(100_000),
        "- ".repeat(200_000),
        "? ".repeat(200_000),
        ": ".repeat(200_000),
        format!("a: {}", "x ".repeat(200_000)),
        format!("a: {}", "x\n  ".repeat(200_000)),
        format!("a: \"{}\"", "x\\n\\\n ".repeat(60_000)),
        format!("[{}]", "{a: [b, é]}, ".repeat(20_000)),
        "- a\u{2028}".repeat(60_000),
        "#\n".repeat(200_000),
        wide,
        aliases,
        documents,
    ];
    for text in texts {
        let start = Instant::now();
        read(&text);
        let taken = start.elapsed();
        let beginning: String = text.chars().take(20).collect();
        assert!(taken < Duration::from_secs(20), "{} bytes of {beginning:?} took {taken:?}", text.len());
    }
}

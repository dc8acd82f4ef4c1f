//! `read`: what does this text say? Text goes in, the documents that Kubernetes' own reader makes of it come out.

use super::AskError;
use crate::{answer, question};
use portolan_base::tree::Node;

question! {
    /// What does this text say? Each document of the stream as Kubernetes' own reader makes it JSON, or why not.
    ReadQuestion<'q> {
        /// YAML or JSON, one document or many.
        "text" => text: &'q str;
    }
}

answer! {
    /// The documents of a text.
    ReadAnswer {
        /// The documents, in order. A refused one does not take the others with it.
        "documents" => documents: Vec<ReadDocument>;
    }

    /// A document of a stream, or why it is none.
    ReadDocument {
        /// Its value.
        "value" => value: Option<Node> [optional];
        /// Why it was refused.
        "error" => error: Option<String> [optional];
        /// The line of the mistake, from 1.
        "line" => line: Option<u32> [optional];
        /// The column of the mistake in characters, from 1.
        "column" => column: Option<u32> [optional];
    }
}

/// Reads the text as Kubernetes' own reader does (apimachinery's `YAMLReader`, then `sigs.k8s.io/yaml` strict), each
/// document by itself.
///
/// # Errors
/// None.
pub fn read(question: &ReadQuestion<'_>) -> Result<ReadAnswer, AskError> {
    let document = |document| match document {
        Ok(value) => ReadDocument { value: Some(value), error: None, line: None, column: None },
        Err(error) => {
            let portolan_base::tree::SyntaxError { message, line, column } = error;
            ReadDocument { value: None, error: Some(message), line: Some(line), column: Some(column) }
        }
    };
    Ok(ReadAnswer { documents: portolan_yaml::read(question.text).into_iter().map(document).collect() })
}

//! Answers for the terminal: JSON, or one `name: value` line a field.

#![expect(clippy::print_stdout, reason = "this is the command's answer")]

use serde_json::Value;

/// Prints a text as it is.
pub(super) fn text(text: &str) {
    print!("{text}");
}

/// Prints an answer.
pub(super) fn print(answer: &Value, as_json: bool) {
    if as_json {
        println!("{answer:#}");
        return;
    }
    match answer {
        Value::Array(rows) if rows.is_empty() => println!("none"),
        Value::Array(rows) => {
            for row in rows {
                println!("{}", line(row));
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                field(name, value);
            }
        }
        other => println!("{}", word(other)),
    }
}

fn field(name: &str, value: &Value) {
    match value {
        Value::Array(rows) if rows.iter().any(Value::is_object) => {
            println!("{name}:");
            for row in rows {
                println!("  {}", line(row));
            }
        }
        other => println!("{name}: {}", word(other)),
    }
}

fn line(row: &Value) -> String {
    match row {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name}={}", word(value)))
            .collect::<Vec<_>>()
            .join("  "),
        other => word(other),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

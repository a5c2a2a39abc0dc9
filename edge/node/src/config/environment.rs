//! The environment as a layer: `LANYARD_` and the place of a value, such as `LANYARD_HQ_URL`.

use toml::{Table, Value};

use super::error::ConfigError;

const PREFIX: &str = "LANYARD_";
/// Variables with our prefix that are no settings: of the programs, their build and their test suites.
const FOREIGN: [&str; 13] = [
    "LANYARD_CONFIG",
    "LANYARD_FEATURES_DRIVER",
    "LANYARD_FONTS_DIST",
    "LANYARD_FREEZE",
    "LANYARD_HQ_DATA",
    "LANYARD_NEXT_VERSION",
    "LANYARD_PLANTED_FAULT",
    "LANYARD_SCREENSHOT",
    "LANYARD_SIM_FROM",
    "LANYARD_SIM_SEEDS",
    "LANYARD_SIM_TRACE",
    "LANYARD_TEST_CLOCK_FILE",
    "LANYARD_UI_DIST",
];

/// Every value of the defaults: where it stands and what its variable is called.
pub(super) fn places(defaults: &Table) -> Vec<(Vec<String>, &Value)> {
    let mut places = Vec::new();
    collect(defaults, &mut Vec::new(), &mut places);
    places
}

fn collect<'a>(table: &'a Table, above: &mut Vec<String>, places: &mut Vec<(Vec<String>, &'a Value)>) {
    for (key, value) in table {
        above.push(key.clone());
        match value {
            Value::Table(below) if !below.is_empty() => collect(below, above, places),
            _ => places.push((above.clone(), value)),
        }
        above.pop();
    }
}

/// Reads the variables that are settings.
pub(super) fn read(
    defaults: &Table,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<(String, Vec<String>, Value)>, ConfigError> {
    let places = places(defaults);
    let mut values = Vec::new();
    for (name, text) in variables {
        if !name.starts_with(PREFIX) || FOREIGN.contains(&name.as_str()) {
            continue;
        }
        let Some((place, default)) = places.iter().find(|(place, _)| variable(place) == name) else {
            let similar = closest(&name, places.iter().map(|(place, _)| variable(place)));
            return Err(ConfigError::UnknownVariable { name, similar });
        };
        let value = parse(default, &text).map_err(|why| ConfigError::Value { origin: name.clone(), why })?;
        values.push((name, place.clone(), value));
    }
    Ok(values)
}

fn variable(place: &[String]) -> String {
    let name = place.join("_").replace('-', "_").to_uppercase();
    format!("{PREFIX}{name}")
}

/// Reads a text as the kind of value the default is; lists of words may be given with commas.
pub(super) fn parse(default: &Value, text: &str) -> Result<Value, String> {
    let as_toml = || match format!("value = {text}").parse::<Table>() {
        Ok(mut table) => table.remove("value").ok_or_else(|| "it is empty".to_owned()),
        Err(error) => Err(error.message().to_owned()),
    };
    match default {
        Value::String(_) => Ok(Value::String(text.to_owned())),
        Value::Array(_) if !text.trim_start().starts_with('[') => {
            let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
            Ok(Value::Array(words.map(|word| Value::String(word.to_owned())).collect()))
        }
        Value::Array(_)
        | Value::Table(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => as_toml(),
    }
}

/// The name that shares the longest beginning and differs least in length.
fn closest(name: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let shared = |other: &str| name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    names
        .filter(|other| shared(other) > PREFIX.len())
        .max_by_key(|other| (shared(other), usize::MAX - other.len().abs_diff(name.len())))
}

//! Laying the layers over each other.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::environment;
use super::error::ConfigError;

/// A value given on the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The flag as typed, such as `--listen`.
    pub flag: &'static str,
    /// Its place, such as `hq.url`.
    pub place: &'static str,
    /// The value as typed.
    pub text: String,
}

/// Where values come from besides the defaults, weakest first.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// A TOML file; it must exist where it is named.
    pub file: Option<&'a Path>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Flags that were given.
    pub flags: Vec<Flag>,
}

impl Flag {
    /// A flag that was given, or none.
    pub fn given(flag: &'static str, place: &'static str, value: Option<impl ToString>) -> Option<Self> {
        value.map(|value| Self { flag, place, text: value.to_string() })
    }
}

/// Reads a configuration. Every key must be named by the defaults.
pub fn load<T: Default + Serialize + DeserializeOwned>(sources: Sources<'_>) -> Result<T, ConfigError> {
    let defaults = Table::try_from(T::default()).expect("the defaults of a configuration are TOML");
    let mut table = defaults.clone();
    if let Some(path) = sources.file {
        lay_over(&mut table, file::<T>(path)?);
    }
    let mut given = environment::read(&defaults, sources.environment)?;
    for Flag { flag, place, text } in sources.flags {
        let place: Vec<String> = place.split('.').map(str::to_owned).collect();
        let default = at(&defaults, &place).expect("a flag stands for a key of the defaults");
        let value = environment::parse(default, &text)
            .map_err(|why| ConfigError::Value { origin: flag.to_owned(), why })?;
        given.push((flag.to_owned(), place, value));
    }
    for (origin, place, value) in given {
        put(&mut table, &place, value);
        // Checked one at a time, so that the message can name who is to blame.
        let checked: Result<T, _> = table.clone().try_into();
        if let Err(error) = checked {
            return Err(ConfigError::Value { origin, why: error.message().to_owned() });
        }
    }
    Ok(table.try_into().expect("every layer was checked as it was laid"))
}

/// Reads the file on its own first, which finds unknown names and their lines.
fn file<T: DeserializeOwned>(path: &Path) -> Result<Table, ConfigError> {
    let text = fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    let fault = |source| ConfigError::File { path: path.to_owned(), source: Box::new(source) };
    toml::from_str::<T>(&text).map_err(fault)?;
    text.parse().map_err(fault)
}

fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

fn at<'a>(table: &'a Table, place: &[String]) -> Option<&'a Value> {
    let (last, above) = place.split_last()?;
    let table = above.iter().try_fold(table, |table, key| table.get(key)?.as_table())?;
    table.get(last)
}

fn put(table: &mut Table, place: &[String], value: Value) {
    match place {
        [] => {}
        [last] => {
            table.insert(last.clone(), value);
        }
        [first, below @ ..] => {
            if let Some(Value::Table(table)) = table.get_mut(first) {
                put(table, below, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Config {
        listen: String,
        names: Vec<String>,
        hq: Hq,
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Hq {
        url: String,
        wait_ms: u32,
    }

    impl Default for Config {
        fn default() -> Self {
            Self { listen: "127.0.0.1:7070".to_owned(), names: Vec::new(), hq: Hq::default() }
        }
    }

    fn with_file(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lanyard.toml");
        fs::write(&path, text).expect("the folder is writable");
        load(Sources { file: Some(&path), ..Sources::default() })
    }

    fn with_environment(name: &str, value: &str) -> Result<Config, ConfigError> {
        load(Sources { environment: vec![(name.to_owned(), value.to_owned())], ..Sources::default() })
    }

    fn cause(error: &ConfigError) -> String {
        std::error::Error::source(error).expect("it has a cause").to_string()
    }

    #[test]
    fn each_layer_wins_over_the_ones_below() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lanyard.toml");
        fs::write(&path, "listen = \"a\"\n[hq]\nurl = \"a\"\nwait_ms = 1\n").expect("writable");
        let environment =
            [("LANYARD_HQ_URL", "b"), ("LANYARD_HQ_WAIT_MS", "2"), ("LANYARD_NAMES", "x, y"), ("HOME", "/")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let flags =
            [Flag::given("--hq", "hq.url", Some("c")), Flag::given("--listen", "listen", None::<&str>)];
        let flags = flags.into_iter().flatten().collect();
        let config: Config = load(Sources { file: Some(&path), environment, flags }).expect("sound");
        let hq = Hq { url: "c".to_owned(), wait_ms: 2 };
        assert_eq!(
            config,
            Config { listen: "a".to_owned(), names: vec!["x".to_owned(), "y".to_owned()], hq }
        );
    }

    #[test]
    fn nothing_given_is_the_defaults() {
        assert_eq!(load::<Config>(Sources::default()).expect("sound"), Config::default());
    }

    #[test]
    fn unknown_names_are_refused_with_their_place() {
        let error = with_file("listen = \"a\"\n[hq]\nurk = 1\n").expect_err("urk is unknown");
        assert!(error.to_string().ends_with("lanyard.toml cannot be used"), "{error}");
        let why = cause(&error);
        assert!(why.contains("line 3") && why.contains("unknown field `urk`"), "{why}");
        let error = with_environment("LANYARD_HQ_URLS", "x").expect_err("unknown").to_string();
        assert_eq!(
            error,
            "the environment variable LANYARD_HQ_URLS names no setting; is LANYARD_HQ_URL meant?"
        );
    }

    #[test]
    fn variables_of_tests_and_builds_are_no_settings() {
        for name in ["LANYARD_SIM_TRACE", "LANYARD_TEST_CLOCK_FILE", "LANYARD_HQ_DATA", "LANYARD_CONFIG"] {
            assert_eq!(with_environment(name, "x").expect("it is left alone"), Config::default(), "{name}");
        }
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused_with_their_origin() {
        let error = with_environment("LANYARD_HQ_WAIT_MS", "soon").expect_err("not a number").to_string();
        assert!(error.starts_with("LANYARD_HQ_WAIT_MS cannot be used: "), "{error}");
        let error = with_environment("LANYARD_HQ_WAIT_MS", "-1").expect_err("negative").to_string();
        assert!(error.starts_with("LANYARD_HQ_WAIT_MS cannot be used: "), "{error}");
        let why = cause(&with_file("listen = ").expect_err("no TOML"));
        assert!(why.contains("line 1"), "{why}");
    }

    #[test]
    fn a_file_that_is_named_must_exist() {
        let missing = Sources { file: Some(Path::new("/nowhere/lanyard.toml")), ..Sources::default() };
        let error = load::<Config>(missing).expect_err("it is not there");
        assert_eq!(error.to_string(), "the configuration /nowhere/lanyard.toml cannot be read");
    }
}

//! Names and addresses a node's certificate is made for.

use crate::config::Config;

/// What was configured, the address it listens at where that is one, and this machine by itself.
pub(crate) fn of(config: &Config) -> Vec<String> {
    let mut names = config.names.clone();
    if !config.listen.ip().is_unspecified() {
        names.push(config.listen.ip().to_string());
    }
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_names_the_address_unless_it_is_every_address() {
        let at = |listen: &str| Config {
            listen: listen.parse().unwrap(),
            names: vec!["desk.local".to_owned()],
            ..Config::default()
        };
        assert_eq!(of(&at("192.0.2.7:7070")), ["127.0.0.1", "192.0.2.7", "::1", "desk.local", "localhost"]);
        assert_eq!(of(&at("0.0.0.0:7070")), ["127.0.0.1", "::1", "desk.local", "localhost"]);
    }
}

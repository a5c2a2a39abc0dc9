//! Configuration of a venue node.
//!
//! Responsible for: its shape and its defaults, which are those of `docs/lanyard.example.toml`. Layers (file,
//! environment, flags) are the engine's.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use lanyard_node::import::Encoding;
use lanyard_node::log::Log;
use serde::{Deserialize, Serialize};

/// The commented configuration with every default.
pub const EXAMPLE: &str = include_str!("../../docs/lanyard.example.toml");

/// Resolutions badges can be drawn for, dots per inch.
const DPI: RangeInclusive<u32> = 72..=1200;

/// Everything an organiser may set.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of the database, the identity and the certificates.
    pub data: PathBuf,
    /// Address the page and the API are served at.
    pub listen: SocketAddr,
    /// Names and addresses other machines reach this node by.
    pub names: Vec<String>,
    /// Room kept for the time when the disk is full, MiB.
    pub ballast_mib: u32,
    /// Printers of this node.
    pub printers: Vec<Printer>,
    /// Other nodes at the venue.
    pub siblings: Vec<Sibling>,
    /// Whether to look for other nodes on the network, and be found there.
    pub discover: bool,
    /// What is logged.
    pub log: Log,
    /// The line to HQ.
    pub hq: Hq,
    /// How badges look.
    pub badges: Badges,
    /// The watched folder.
    pub drop: Drop,
}

/// A printer.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Printer {
    /// Id, chosen at each desk.
    pub printer: String,
    /// Name shown to staff.
    pub name: String,
    /// How it is reached.
    pub driver: PrinterDriver,
    /// Where files go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Address of a network printer, `ipp://` or `ipps://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Dots per inch; a network printer is asked where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpi: Option<u32>,
}

/// How a printer is reached.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrinterDriver {
    /// A PDF and a PNG for each badge.
    Files,
    /// A network printer.
    Ipp,
}

/// Another node at the venue.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sibling {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// File with its certificate authority; empty for a public one.
    #[serde(default)]
    pub ca: PathBuf,
}

/// The line to HQ.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hq {
    /// HQ's address; empty for a node that works alone.
    pub url: String,
    /// File with HQ's certificate authority; empty for a public one.
    pub ca: PathBuf,
}

/// How badges look.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Badges {
    /// SVG layout; empty for the built-in one.
    pub layout: PathBuf,
    /// Folder with more fonts; empty for none.
    pub fonts: PathBuf,
}

/// The watched folder.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drop {
    /// The folder; empty for none.
    pub folder: PathBuf,
    /// Encoding of attendee lists without a mark of their own.
    pub encoding: DropEncoding,
    /// Other names that lists use for seat types.
    pub seat_types: BTreeMap<String, String>,
}

/// Encoding of a list without a mark.
// Stored: as TOML in the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropEncoding {
    /// What everything writes today.
    #[serde(rename = "utf-8")]
    Utf8,
    /// What older spreadsheets write.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl From<DropEncoding> for Encoding {
    fn from(encoding: DropEncoding) -> Self {
        match encoding {
            DropEncoding::Utf8 => Self::Utf8,
            DropEncoding::Windows1252 => Self::Windows1252,
        }
    }
}

/// A value that parses and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFault {
    /// Two printers have the same id.
    #[error("two printers are called “{printer}”; give each an id of its own")]
    RepeatedPrinter {
        /// The id.
        printer: String,
    },
    /// A printer lacks its address.
    #[error("network printer “{printer}” needs an address; write uri = \"ipp://printer.local/ipp/print\"")]
    PrinterAddress {
        /// The printer's id.
        printer: String,
    },
    /// A printer lacks its folder.
    #[error("printer “{printer}” writes files and needs a folder; write folder = \"badges\"")]
    PrinterFolder {
        /// The printer's id.
        printer: String,
    },
    /// A printer has something that its driver knows nothing of.
    #[error("printer “{printer}” has both a folder and an address; keep the one its driver uses")]
    PrinterBoth {
        /// The printer's id.
        printer: String,
    },
    /// A resolution no printer has.
    #[error("printer “{printer}” has {dpi} dots per inch; give 72 to 1200")]
    Resolution {
        /// The printer's id.
        printer: String,
        /// What stands there.
        dpi: u32,
    },
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("lanyard-data"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7070)),
            names: Vec::new(),
            ballast_mib: 32,
            printers: vec![Printer::files()],
            siblings: Vec::new(),
            discover: false,
            log: Log::default(),
            hq: Hq::default(),
            badges: Badges::default(),
            drop: Drop::default(),
        }
    }
}

impl Default for Drop {
    fn default() -> Self {
        Self { folder: PathBuf::new(), encoding: DropEncoding::Utf8, seat_types: BTreeMap::new() }
    }
}

impl Config {
    /// Checks what the shape alone cannot.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn check(&self) -> Result<(), ConfigFault> {
        for (at, printer) in self.printers.iter().enumerate() {
            if self.printers[..at].iter().any(|earlier| earlier.printer == printer.printer) {
                return Err(ConfigFault::RepeatedPrinter { printer: printer.printer.clone() });
            }
            printer.check()?;
        }
        Ok(())
    }

    /// A path that was set, or none for an empty one.
    pub fn path(path: &Path) -> Option<&Path> {
        (!path.as_os_str().is_empty()).then_some(path)
    }
}

impl Printer {
    /// The printer of a node that was given none.
    fn files() -> Self {
        Self {
            printer: "files".to_owned(),
            name: "Badges as files".to_owned(),
            driver: PrinterDriver::Files,
            folder: Some(PathBuf::from("badges")),
            uri: None,
            dpi: Some(300),
        }
    }

    fn check(&self) -> Result<(), ConfigFault> {
        let printer = || self.printer.clone();
        if self.folder.is_some() && self.uri.is_some() {
            return Err(ConfigFault::PrinterBoth { printer: printer() });
        }
        match self.driver {
            PrinterDriver::Files if self.folder.is_none() => {
                return Err(ConfigFault::PrinterFolder { printer: printer() });
            }
            PrinterDriver::Ipp if !self.uri.as_deref().is_some_and(is_ipp_address) => {
                return Err(ConfigFault::PrinterAddress { printer: printer() });
            }
            PrinterDriver::Files | PrinterDriver::Ipp => {}
        }
        match self.dpi.filter(|dpi| !DPI.contains(dpi)) {
            Some(dpi) => Err(ConfigFault::Resolution { printer: printer(), dpi }),
            None => Ok(()),
        }
    }
}

fn is_ipp_address(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| matches!(url.scheme(), "ipp" | "ipps") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_the_configuration_without_a_file() {
        assert_eq!(toml::from_str::<Config>(EXAMPLE).expect("the example parses"), Config::default());
    }

    #[test]
    fn the_printer_in_the_comments_of_the_example_parses() {
        let printer: String = EXAMPLE
            .lines()
            .skip_while(|line| *line != "# [[printers]]")
            .take_while(|line| line.starts_with('#'))
            .map(|line| line.trim_start_matches('#').trim_start().to_owned() + "\n")
            .collect();
        let config: Config = toml::from_str(&printer).expect("the printer parses");
        assert_eq!(config.printers[0].driver, PrinterDriver::Ipp);
        assert_eq!(config.check(), Ok(()));
    }

    #[test]
    fn unknown_names_are_refused_by_name() {
        let error = toml::from_str::<Config>("lisen = \"127.0.0.1:1\"").expect_err("no such name");
        assert!(error.message().contains("lisen"), "{error}");
        let printer =
            "[[printers]]\nprinter = \"a\"\nname = \"A\"\ndriver = \"files\"\nfolder = \"f\"\ndip = 3\n";
        let error = toml::from_str::<Config>(printer).expect_err("no such name");
        assert!(error.message().contains("dip"), "{error}");
    }

    #[test]
    fn addresses_and_resolutions_are_checked() {
        let check = |rest: &str| {
            let printer = format!("[[printers]]\nprinter = \"p\"\nname = \"P\"\n{rest}");
            toml::from_str::<Config>(&printer).expect("it parses").check()
        };
        let address = check("driver = \"ipp\"\nuri = \"http://printer.local\"");
        assert!(matches!(address, Err(ConfigFault::PrinterAddress { .. })), "{address:?}");
        assert!(matches!(check("driver = \"files\""), Err(ConfigFault::PrinterFolder { .. })));
        let resolution = check("driver = \"files\"\nfolder = \"badges\"\ndpi = 3");
        assert!(matches!(resolution, Err(ConfigFault::Resolution { dpi: 3, .. })), "{resolution:?}");
        assert_eq!(check("driver = \"ipp\"\nuri = \"ipps://printer.local/ipp/print\""), Ok(()));
    }
}

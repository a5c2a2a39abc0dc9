//! The flags of both programs that say where their configuration comes from, and the reading that follows them.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ConfigError, Flag, Sources, load};

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct SourceFlags {
    /// Configuration file in TOML
    #[arg(long, global = true, value_name = "FILE", env = "LANYARD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder of keys and databases
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
}

impl SourceFlags {
    /// Reads the configuration: defaults, file, environment, flags. Without a file that is named, the one called
    /// `data_config` in the data folder counts.
    ///
    /// # Errors
    /// Naming the file, variable or flag at fault.
    pub fn load<T: Default + Serialize + DeserializeOwned>(
        &self,
        data_config: &str,
        flags: impl IntoIterator<Item = Option<Flag>>,
    ) -> Result<T, ConfigError> {
        let data = Flag::given("--data", "data", self.data.as_ref().map(|data| data.display()));
        let in_data = self.data.as_ref().map(|data| data.join(data_config)).filter(|file| file.exists());
        load(Sources {
            file: self.config.as_deref().or(in_data.as_deref()),
            environment: std::env::vars().collect(),
            flags: flags.into_iter().chain([data]).flatten().collect(),
        })
    }
}

//! The fonts badges are set in, and which of them suits which text.
//!
//! Responsible for: the embedded Noto Sans, the organiser's own fonts folder, and the order in which families are
//! asked for a text: its script's own first, Han characters in the shape its reader expects.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use parley::FontContext;
use parley::fontique::{Blob, Collection, CollectionOptions};

/// File name and bytes of every embedded font, written by `build.rs`.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Most files a fonts folder may hold.
const FOLDER_LIMIT_FILES: usize = 200;

/// Largest font file accepted.
const FILE_LIMIT_BYTES: u64 = 64 * 1024 * 1024;

const LATIN: &str = "Noto Sans";

/// A set of loaded fonts. Cloning shares the files.
#[derive(Clone)]
pub struct Fonts {
    pub(crate) context: FontContext,
    /// Families from the organiser's folder, in order of file name.
    own: Vec<String>,
}

/// Why a fonts folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FontsError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {path} in the fonts folder")]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file called .ttf, .otf or .ttc is not a font.
    #[error("{path} is not a TrueType or OpenType font; remove it from the fonts folder")]
    NotAFont {
        /// The file.
        path: PathBuf,
    },
    /// A file or the folder is too large.
    #[error("{path} is too large; a fonts folder may hold {FOLDER_LIMIT_FILES} fonts of 64 MiB")]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
    },
}

/// Whose shapes Han characters take where one code point has several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Han {
    #[default]
    Chinese,
    Japanese,
    Korean,
}

impl Fonts {
    /// Loads the fonts built into the program.
    pub fn embedded() -> Self {
        let options = CollectionOptions { shared: false, system_fonts: false };
        let mut context = FontContext { collection: Collection::new(options), ..FontContext::default() };
        for (_, bytes) in EMBEDDED {
            context.collection.register_fonts(Blob::new(Arc::new(*bytes)), None);
        }
        Self { context, own: Vec::new() }
    }

    /// Adds every .ttf, .otf and .ttc file of a folder: for scripts that are not embedded, and for layouts that name
    /// a family by `data-font`.
    pub fn with_folder(mut self, folder: &Path) -> Result<Self, FontsError> {
        let files = font_files(folder)?;
        if files.len() > FOLDER_LIMIT_FILES {
            return Err(FontsError::TooLarge { path: folder.to_owned() });
        }
        for path in files {
            let unreadable = |source| FontsError::Unreadable { path: path.clone(), source };
            if fs::metadata(&path).map_err(unreadable)?.len() > FILE_LIMIT_BYTES {
                return Err(FontsError::TooLarge { path });
            }
            let bytes = fs::read(&path).map_err(unreadable)?;
            let families = self.context.collection.register_fonts(Blob::from(bytes), None);
            if families.is_empty() {
                return Err(FontsError::NotAFont { path });
            }
            for (family, _) in families {
                let name = self.context.collection.family_name(family).map(str::to_owned);
                self.own.extend(name.filter(|name| !self.own.contains(name)));
            }
        }
        Ok(self)
    }

    /// Whether a family of this name is loaded.
    pub(crate) fn knows(&mut self, family: &str) -> bool {
        self.context.collection.family_id(family).is_some()
    }

    /// The families to try for a text, best first.
    pub(crate) fn families<'a>(&'a self, text: &str, han: Han, preferred: Option<&'a str>) -> Vec<&'a str> {
        let mut families: Vec<&str> = Vec::with_capacity(12);
        families.extend(preferred);
        families.extend(text.chars().find_map(script_family));
        families.extend([
            LATIN,
            "Noto Sans Arabic",
            "Noto Sans Hebrew",
            "Noto Sans Devanagari",
            "Noto Sans Thai",
        ]);
        families.extend(match han {
            Han::Chinese => ["Noto Sans SC", "Noto Sans JP", "Noto Sans KR"],
            Han::Japanese => ["Noto Sans JP", "Noto Sans SC", "Noto Sans KR"],
            Han::Korean => ["Noto Sans KR", "Noto Sans SC", "Noto Sans JP"],
        });
        families.extend(self.own.iter().map(String::as_str));
        families
    }
}

/// The family made for the script of a character, where the text's spaces and digits should come from it too.
fn script_family(c: char) -> Option<&'static str> {
    match c {
        '\u{0590}'..='\u{05FF}' | '\u{FB1D}'..='\u{FB4F}' => Some("Noto Sans Hebrew"),
        '\u{0600}'..='\u{06FF}'
        | '\u{0750}'..='\u{077F}'
        | '\u{0870}'..='\u{08FF}'
        | '\u{FB50}'..='\u{FDFF}'
        | '\u{FE70}'..='\u{FEFC}' => Some("Noto Sans Arabic"),
        '\u{0900}'..='\u{097F}' | '\u{A8E0}'..='\u{A8FF}' => Some("Noto Sans Devanagari"),
        '\u{0E00}'..='\u{0E7F}' => Some("Noto Sans Thai"),
        _ if c.is_alphabetic() => Some(LATIN),
        _ => None,
    }
}

impl Han {
    /// Reads from a badge's words whose shapes its Han characters should take: kana and Hangul give it away.
    pub(crate) fn of(text: &str) -> Option<Self> {
        text.chars().find_map(|c| match c {
            '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9F}' => {
                Some(Self::Japanese)
            }
            '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7AF}' => Some(Self::Korean),
            _ => None,
        })
    }

    /// Reads a language tag such as `ja`, `ko-KR` or `zh`.
    pub(crate) fn of_language(tag: &str) -> Self {
        match tag.split('-').next() {
            Some("ja") => Self::Japanese,
            Some("ko") => Self::Korean,
            _ => Self::Chinese,
        }
    }
}

fn font_files(folder: &Path) -> Result<Vec<PathBuf>, FontsError> {
    let unreadable = |source| FontsError::Unreadable { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let extension =
            path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        if matches!(extension.as_deref(), Some("ttf" | "otf" | "ttc")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_asked_for_is_embedded() {
        let mut fonts = Fonts::embedded();
        let families: Vec<String> =
            fonts.families("Ada", Han::Japanese, None).into_iter().map(str::to_owned).collect();
        for family in families {
            assert!(fonts.knows(&family) || !cfg!(feature = "cjk"), "{family}");
        }
    }

    #[test]
    fn a_text_asks_the_family_of_its_script_first() {
        let fonts = Fonts::embedded();
        for (text, first) in [("3 محمد", "Noto Sans Arabic"), ("ורד", "Noto Sans Hebrew"), ("Ada", LATIN)]
        {
            assert_eq!(fonts.families(text, Han::Chinese, None)[0], first);
        }
    }

    #[test]
    fn a_folder_adds_its_families_and_refuses_what_is_no_font() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("latin.ttf"), EMBEDDED[0].1).expect("a file");
        let fonts = Fonts::embedded().with_folder(folder.path()).expect("a font");
        assert_eq!(fonts.own, [LATIN]);
        fs::write(folder.path().join("renamed.otf"), b"not a font").expect("a file");
        let error = Fonts::embedded().with_folder(folder.path()).err().expect("refused");
        assert!(
            matches!(error, FontsError::NotAFont { ref path } if path.ends_with("renamed.otf")),
            "{error}"
        );
    }
}

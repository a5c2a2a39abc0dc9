//! The form of a bundle: the head, then batches each after its length, then the end, which counts the
//! entries and hashes everything before.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use lanyard_sync::Batch;
use lanyard_sync::limits::BATCH_TRAVEL_MAX_BYTES;

use super::head::read_exactly;
use super::{BundleFault, BundleHead};

const HASH_TAG: &str = "lanyard/bundle/1";
const HASH_BYTES: usize = 32;
/// What is read or written at once, in bytes.
pub(super) const BUFFER_BYTES: usize = 64 * 1024;

fn hasher() -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    let length = u8::try_from(HASH_TAG.len()).expect("the tag is short");
    hasher.update(&[length]).update(HASH_TAG.as_bytes());
    hasher
}

/// Writes a bundle.
#[derive(Debug)]
pub struct BundleWriter<W> {
    out: W,
    hasher: blake3::Hasher,
    entries: u64,
}

impl<W: Write> BundleWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(out: W, head: &BundleHead) -> io::Result<Self> {
        let mut writer = Self { out, hasher: hasher(), entries: 0 };
        writer.write(&head.encode())?;
        Ok(writer)
    }

    /// Adds a batch as it travels, and its number of entries.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn push(&mut self, batch: &[u8], entries: u64) -> io::Result<()> {
        let length = u32::try_from(batch.len()).expect("a batch is within its limits");
        self.write(&length.to_be_bytes())?;
        self.write(batch)?;
        self.entries += entries;
        Ok(())
    }

    /// Writes the end and returns what was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.write(&0_u32.to_be_bytes())?;
        let entries = self.entries;
        self.write(&entries.to_be_bytes())?;
        self.out.write_all(self.hasher.finalize().as_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.out.write_all(bytes)
    }
}

/// Reads a bundle, one batch at a time.
#[derive(Debug)]
pub struct BundleReader<R> {
    input: R,
    hasher: blake3::Hasher,
    head: BundleHead,
}

impl<R: Read> BundleReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(mut input: R) -> Result<Self, BundleFault> {
        let mut hasher = hasher();
        let head = BundleHead::read(&mut |part| {
            read_exactly(&mut input, part)?;
            hasher.update(part);
            Ok(())
        })?;
        Ok(Self { input, hasher, head })
    }

    /// The head.
    pub fn head(&self) -> &BundleHead {
        &self.head
    }

    /// Reads the next batch as it travels, or the end.
    ///
    /// # Errors
    /// What is wrong with it; with the end comes what is wrong with all of it.
    pub fn next_part(&mut self) -> Result<BundlePart, BundleFault> {
        let length = u32::from_be_bytes(self.fixed()?);
        if length == 0 {
            return self.end();
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > BATCH_TRAVEL_MAX_BYTES {
            return Err(BundleFault::Damaged { what: "the length of a batch" });
        }
        let mut batch = vec![0; length];
        self.fill(&mut batch)?;
        Ok(BundlePart::Batch(batch))
    }

    fn end(&mut self) -> Result<BundlePart, BundleFault> {
        let entries = u64::from_be_bytes(self.fixed()?);
        let expected = self.hasher.finalize();
        let mut hash = [0; HASH_BYTES];
        read_exactly(&mut self.input, &mut hash)?;
        if expected != hash {
            return Err(BundleFault::Damaged { what: "its hash" });
        }
        match self.input.read(&mut [0]) {
            Ok(0) => Ok(BundlePart::End { entries }),
            Ok(_) => Err(BundleFault::Damaged { what: "bytes follow its end" }),
            Err(error) => Err(BundleFault::Read(error)),
        }
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], BundleFault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, part: &mut [u8]) -> Result<(), BundleFault> {
        read_exactly(&mut self.input, part)?;
        self.hasher.update(part);
        Ok(())
    }
}

/// What follows in a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundlePart {
    /// A batch as it travels.
    Batch(Vec<u8>),
    /// The end; the hash holds.
    End {
        /// Entries of all batches, as their writer counted them.
        entries: u64,
    },
}

/// A bundle that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its head.
    pub head: BundleHead,
    /// Its entries.
    pub entries: u64,
}

/// Reads a bundle to its end: all of it is there, as it was written, and of one scope. Its entries are not
/// verified by that.
///
/// # Errors
/// What is wrong with it.
pub fn check(input: impl Read) -> Result<Checked, BundleFault> {
    let mut reader = BundleReader::open(input)?;
    let mut counted = 0;
    // A batch that does not hold is reported after the hash: as damage, where it is damaged.
    let mut unsound = None;
    loop {
        match reader.next_part()? {
            BundlePart::Batch(bytes) => match Batch::decode(&bytes) {
                Ok(batch) if batch.scope == reader.head.scope => counted += batch.frames.len() as u64,
                Ok(_) => unsound = Some("a batch of another conference"),
                Err(_) => unsound = Some("a batch that cannot be read"),
            },
            BundlePart::End { entries } => {
                let miscounted = (entries != counted).then_some("its count of entries");
                return match unsound.or(miscounted) {
                    Some(what) => Err(BundleFault::Damaged { what }),
                    None => Ok(Checked { head: reader.head, entries }),
                };
            }
        }
    }
}

/// As [`check`], of the file at a path.
///
/// # Errors
/// What is wrong with it.
pub fn check_file(path: &Path) -> Result<Checked, BundleFault> {
    check(BufReader::with_capacity(BUFFER_BYTES, File::open(path).map_err(BundleFault::Read)?))
}

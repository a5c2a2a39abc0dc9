//! A disk that reports errors or is full: the node stops, or says that the disk is full and goes on once it is not;
//! either way nothing that was acknowledged is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use lanyard_node::engine::{Committed, ImportError, Reply, Submission};
use lanyard_node::start::DATABASE_FILE;
use lanyard_node::store::StoreError;
use lanyard_node::verify::verify;
use lanyard_node::{Health, SubmitError, Writer};
use lanyard_test_vfs::{Chance, Cut, Failure, Fault, Operation};

use crate::conference::draw;
use crate::lab::Lab;
use crate::node::{Node, beginning, memory_folder};

const STEPS: u64 = 8;
/// So many places of an operation are tried.
const PLACES: u64 = 40;

/// North, and HQ with more than north has.
struct Pair {
    north: Node,
    hq: Node,
    lab: Lab,
    _folder: std::sync::Arc<tempfile::TempDir>,
}

/// How a row of commits ended.
enum End {
    /// All were made.
    Whole,
    /// The disk was full at one of them.
    Full,
    /// The engine stopped.
    Stopped,
}

impl Pair {
    fn new() -> anyhow::Result<Self> {
        let folder = memory_folder()?;
        let mut hq = Node::new(0, folder.path())?;
        hq.begin(1, &beginning()[0])?;
        let mut chance = Chance::new(1);
        for _ in 0..6 {
            let command = draw(&hq, &mut chance);
            let group = [hq.submitted(command)];
            let committed = hq.commit(&group);
            hq.acknowledge(&group, committed)?;
        }
        let (north, lab) = (Node::new(1, folder.path())?, Lab::in_folder(folder.path())?);
        Ok(Self { north, hq, lab, _folder: folder })
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        self.north.begin(1, &beginning()[1])
    }

    /// North decides, takes what HQ has and empties its write-ahead log, until something fails.
    fn work(&mut self) -> anyhow::Result<End> {
        let mut chance = Chance::new(3);
        for step in 0..STEPS {
            let command = draw(&self.north, &mut chance);
            let group = [self.north.submitted(command)];
            let committed = self.north.commit(&group);
            if let Some(end) = ended(&committed)? {
                return Ok(end);
            }
            self.north.acknowledge(&group, committed)?;
            if step == STEPS / 2
                && let Some(end) = self.pull()?
            {
                return Ok(end);
            }
            if step % 3 == 2 {
                match self.north.engine().checkpoint() {
                    // What could not be copied stays where it is.
                    Ok(_) | Err(StoreError::Full | StoreError::Sqlite(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(End::Whole)
    }

    fn pull(&mut self) -> anyhow::Result<Option<End>> {
        // Where reading fails for a peer, the peer asks again.
        while let Ok(Some(batch)) = self.north.next_batch(&self.hq) {
            let committed = self.north.submit(vec![Submission::Import(batch)]);
            if let Some(end) = ended(&committed)? {
                return Ok(Some(end));
            }
            self.north.note_commit();
        }
        Ok(None)
    }

    /// How often an operation is asked for when nothing fails.
    fn places(&mut self, operation: Operation) -> anyhow::Result<Vec<u64>> {
        self.begin()?;
        let before = self.north.disk.asked(operation);
        ensure!(matches!(self.work()?, End::Whole), "a sound disk takes everything");
        let asked = self.north.disk.asked(operation) - before;
        let step = asked.div_ceil(PLACES).max(1);
        Ok((0..asked).step_by(usize::try_from(step)?).collect())
    }

    /// What was acknowledged is there, whether the system goes on or the power fails as well.
    fn nothing_is_lost(&self) -> anyhow::Result<()> {
        let now = self.north.disk.now();
        [Cut::Process, Cut::Power(1), Cut::Power(2)]
            .into_iter()
            .try_for_each(|cut| self.lab.examine(&self.north, now, cut))
    }
}

/// What a reply says of the disk; nothing while it is sound.
fn ended(committed: &Committed) -> anyhow::Result<Option<End>> {
    let says = |wanted: fn(&SubmitError) -> bool| {
        committed.replies.iter().all(|reply| match reply {
            Reply::Command(Err(error)) | Reply::Local(Err(error)) => wanted(error),
            Reply::Import(Err(error)) => matches!(error, ImportError::StoreFull | ImportError::Stopped),
            Reply::Command(Ok(_)) | Reply::Local(Ok(_)) | Reply::Import(Ok(_)) => false,
        })
    };
    match &committed.broken {
        Some(StoreError::Sqlite(_)) => {
            ensure!(
                says(|error| matches!(error, SubmitError::Stopped)),
                "the replies: {:?}",
                committed.replies
            );
            Ok(Some(End::Stopped))
        }
        Some(other) => bail!("it broke as if it were not the disk: {other:?}"),
        None if committed.is_full => {
            ensure!(
                says(|error| matches!(error, SubmitError::StoreFull)),
                "the replies: {:?}",
                committed.replies
            );
            Ok(Some(End::Full))
        }
        None => Ok(None),
    }
}

/// Lets one operation fail at each of its places, and looks at what comes of it.
fn at_every_place(
    operation: Operation,
    how: Failure,
    mut look: impl FnMut(&mut Pair, End) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let mut pair = Pair::new()?;
    let places = pair.places(operation)?;
    for place in &places {
        let told = || format!("{operation:?} {place} fails: {how:?}");
        pair.begin().with_context(told)?;
        pair.north.disk.fail(Fault::once(operation, *place, how));
        let end = pair.work().with_context(told)?;
        pair.north.disk.heal();
        pair.nothing_is_lost().with_context(told)?;
        look(&mut pair, end).with_context(told)?;
    }
    Ok(places.len())
}

#[test]
fn an_error_of_the_disk_anywhere_stops_the_node_and_loses_nothing() -> anyhow::Result<()> {
    let all = Operation::ALL.map(|operation| (operation, Failure::Io));
    for (operation, how) in all.into_iter().chain([(Operation::Write, Failure::Short)]) {
        let mut stopped = 0;
        let places = at_every_place(operation, how, |pair, end| {
            match end {
                // It failed where nobody waits, such as in a checkpoint: what was to be copied stays.
                End::Whole => {}
                End::Full => bail!("an error is taken for a full disk"),
                End::Stopped => stopped += 1,
            }
            // Started again on a disk that works, it goes on in its epoch.
            let left = pair.north.disk.image();
            pair.north.die(&left)?;
            pair.north.open()?;
            ensure!(matches!(pair.work()?, End::Whole), "it does not go on");
            Ok(())
        })?;
        println!("store: {operation:?} fails ({how:?}) at {places} places; {stopped} times the node stops");
        let may_be_rare = matches!(operation, Operation::Truncate | Operation::ShareMemory);
        ensure!(may_be_rare || stopped > 0, "no {operation:?} that fails stops the node");
    }
    Ok(())
}

#[test]
fn an_error_while_a_node_starts_is_said_and_the_next_start_goes_on() -> anyhow::Result<()> {
    let mut pair = Pair::new()?;
    for (operation, how) in Operation::ALL.into_iter().flat_map(|it| [(it, Failure::Io), (it, Failure::Full)])
    {
        pair.begin()?;
        ensure!(matches!(pair.work()?, End::Whole), "a sound disk takes everything");
        let left = pair.north.disk.image();
        let mut refused = 0;
        for place in 0.. {
            pair.north.die(&left)?;
            let asked = pair.north.disk.asked(operation);
            pair.north.disk.fail(Fault::once(operation, place, how));
            let opened = pair.north.try_open();
            refused += u32::from(opened.is_err());
            drop(opened);
            pair.north.disk.heal();
            let was_reached = pair.north.disk.asked(operation) - asked > place;
            let left = pair.north.disk.image();
            pair.north.die(&left)?;
            pair.north.open().with_context(|| format!("after {operation:?} {place}: {how:?}"))?;
            pair.nothing_is_lost()?;
            if !was_reached {
                println!("store: a start is refused at {refused} of {place} places: {operation:?}, {how:?}");
                break;
            }
        }
        ensure!(
            operation == Operation::Truncate || refused > 0,
            "no {operation:?} that fails is said: {how:?}"
        );
    }
    Ok(())
}

#[test]
fn a_full_disk_anywhere_is_said_and_the_same_process_goes_on_once_there_is_room() -> anyhow::Result<()> {
    let mut full = 0;
    let places = at_every_place(Operation::Write, Failure::Full, |pair, end| {
        match end {
            // It failed in a checkpoint, for which nobody waits.
            End::Whole => {}
            End::Full => full += 1,
            End::Stopped => bail!("a full disk stops the node"),
        }
        ensure!(matches!(pair.work()?, End::Whole), "it does not go on");
        pair.nothing_is_lost()
    })?;
    println!("store: there is no room at {places} places; {full} times a commit is refused");
    ensure!(full > 0, "no write that finds no room is said");
    Ok(())
}

#[test]
fn a_disk_of_any_size_fills_up_loses_nothing_and_goes_on_once_it_is_larger() -> anyhow::Result<()> {
    let mut pair = Pair::new()?;
    let size = |pair: &Pair| -> u64 {
        let image = pair.north.disk.image();
        image.names().filter_map(|name| image.file(name)).map(|bytes| bytes.len() as u64).sum()
    };
    pair.begin()?;
    let least = size(&pair);
    ensure!(matches!(pair.work()?, End::Whole), "a large disk takes everything");
    let most = size(&pair);
    let mut full = 0;
    for limit in (least..most).step_by(usize::try_from((most - least) / 60)?) {
        pair.begin()?;
        pair.north.disk.limit_bytes(Some(limit));
        full += u32::from(matches!(pair.work()?, End::Full));
        pair.nothing_is_lost().with_context(|| format!("{limit} bytes"))?;
        pair.north.disk.limit_bytes(None);
        ensure!(matches!(pair.work()?, End::Whole), "{limit} bytes: it does not go on");
        let findings = verify(&pair.north.disk.path(DATABASE_FILE))?.findings;
        ensure!(findings.is_empty(), "{limit} bytes: {findings:?}");
    }
    ensure!(full >= 30, "only {full} sizes were too small");
    Ok(())
}

#[tokio::test]
async fn the_writer_of_a_broken_disk_says_that_it_stopped() -> anyhow::Result<()> {
    let on: BTreeSet<_> = [Operation::Write, Operation::Sync].into();
    for how in [Failure::Io, Failure::Short] {
        let mut pair = Pair::new()?;
        pair.begin()?;
        let mut chance = Chance::new(9);
        let command = draw(&pair.north, &mut chance);
        let (first, second) = (pair.north.submitted(command.clone()), pair.north.submitted(command));
        let (writer, thread) = Writer::spawn(pair.north.engine.take().context("it is up")?)?;
        writer.submit(first.clone()).await?;
        pair.north.disk.fail(Fault { on: on.clone(), after: 0, times: None, how });
        let refused = writer.submit(second.clone()).await;
        ensure!(matches!(refused, Err(SubmitError::Stopped)), "{refused:?}");
        let mut health = writer.health();
        let said = health.wait_for(|health| *health == Health::Stopped);
        tokio::time::timeout(Duration::from_secs(10), said).await.context("it says that it is well")??;
        let again = writer.submit(second.clone()).await;
        ensure!(matches!(again, Err(SubmitError::Stopped)), "{again:?}");
        drop(writer);
        let broke = thread.join();
        ensure!(matches!(broke, Err(StoreError::Sqlite(_))), "{broke:?}");
        pair.north.disk.heal();
        let left = pair.north.disk.image();
        pair.north.die(&left)?;
        pair.north.open()?;
        let committed = pair.north.commit(&[first, second]);
        let replayed = committed.replies.iter().map(|reply| match reply {
            Reply::Command(Ok(answer)) => Ok(answer.replayed),
            other => bail!("{other:?}"),
        });
        ensure!(
            replayed.collect::<anyhow::Result<Vec<_>>>()? == [true, false],
            "one was acknowledged, one was not"
        );
    }
    Ok(())
}

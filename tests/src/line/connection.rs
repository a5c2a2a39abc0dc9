//! One connection carried over the line.
//!
//! Responsible for moving bytes both ways under the line's conditions, for passing on an end of stream or a reset,
//! and for ending the connection when the line is cut or reset.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedWriteHalf, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::conditions::{Break, Conditions, Direction, Mode};
use super::pushes::Passage;
use super::request::HttpRequest;
use super::{Shared, portal};

const CHUNK_BYTES: usize = 16 * 1024;

/// Chunks under way in one direction of one connection; a full queue stops reading.
const QUEUED_CHUNKS: usize = 64;

/// Parts of a second in which a limited rate lets bytes through.
const SLICES_PER_S: u64 = 20;

enum End {
    Finished,
    Cut,
    Reset,
    Lost,
}

/// How far one direction goes, and where else what it carries is said.
#[derive(Default)]
struct Course {
    /// Bytes carried so far.
    carried: u64,
    breaks: bool,
    /// What is carried first.
    begins: Vec<u8>,
    twin: Option<OwnedWriteHalf>,
}

struct Chunk {
    read_at: Instant,
    /// Empty at the end of the stream.
    bytes: Vec<u8>,
}

/// Carries one connection until it ends.
pub(super) async fn carry(near: TcpStream, shared: Arc<Shared>) {
    let mut conditions = shared.conditions.subscribe();
    let opened = conditions.borrow_and_update().clone();
    match opened.mode {
        Mode::Cut => reset(near),
        Mode::Blackhole => swallow(near, conditions).await,
        Mode::Portal => portal::answer(near).await,
        Mode::Open => pass(near, &shared, opened).await,
    }
}

/// Carries what comes in to the target, but for pushes where something happens to them.
async fn pass(mut near: TcpStream, shared: &Shared, opened: Conditions) {
    let passage = match &opened.pushes {
        None => Passage::Whole(Vec::new()),
        Some(pushes) => match HttpRequest::read(&mut near).await {
            Ok(Some(request)) => pushes.meet(request),
            Ok(None) | Err(_) => return reset(near),
        },
    };
    match passage {
        // Whoever asked may be gone; then nobody wants the answer.
        Passage::Answered(answer) => near.write_all(&answer).await.unwrap_or_default(),
        Passage::Part(part) => {
            if let Ok(mut far) = shared.reach_target().await {
                far.write_all(&part).await.unwrap_or_default();
            }
            reset(near);
        }
        Passage::Whole(begins) => match shared.reach_target().await {
            Ok(far) => relay(near, far, shared, opened, begins).await,
            Err(_) => reset(near),
        },
    }
}

/// Ends a connection so that the other side sees a reset rather than an orderly end.
pub(super) fn reset(stream: TcpStream) {
    // A socket that is already dead refuses the option and needs no reset.
    stream.set_zero_linger().ok();
    drop(stream);
}

async fn swallow(mut near: TcpStream, mut conditions: watch::Receiver<Conditions>) {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        tokio::select! {
            read = near.read(&mut chunk) => if !matches!(read, Ok(1..)) { break },
            changed = conditions.wait_for(|c| c.mode != Mode::Blackhole) => { drop(changed); break }
        }
    }
    reset(near);
}

async fn relay(
    mut near: TcpStream,
    mut far: TcpStream,
    shared: &Shared,
    opened: Conditions,
    begins: Vec<u8>,
) {
    // Small messages must not wait for each other: the line adds the delay it was asked for and no other.
    near.set_nodelay(true).ok();
    far.set_nodelay(true).ok();
    let twin = if opened.doubled { twin(shared).await } else { None };
    let out = Course { begins, twin, ..Course::default() };
    let back = Course { breaks: true, ..Course::default() };
    let end = {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        let mut conditions = shared.conditions.subscribe();
        let both_ways = async {
            tokio::try_join!(
                pump(near_read, far_write, &shared.out, out, shared.conditions.subscribe()),
                pump(far_read, near_write, &shared.back, back, shared.conditions.subscribe()),
            )
        };
        let is_over = |c: &Conditions| {
            matches!(c.mode, Mode::Cut | Mode::Portal)
                || (c.resets, c.losses) != (opened.resets, opened.losses)
        };
        tokio::select! {
            moved = both_ways => match moved {
                Ok(_) => End::Finished,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => End::Cut,
                Err(_) => End::Reset,
            },
            ended = conditions.wait_for(is_over) => match ended {
                Ok(now) if now.mode == Mode::Cut => End::Cut,
                Ok(now) if now.losses != opened.losses => End::Lost,
                _ => End::Reset,
            },
        }
    };
    match end {
        End::Finished | End::Cut => {}
        End::Reset => {
            reset(near);
            reset(far);
        }
        End::Lost => hold(near, far).await,
    }
}

/// Keeps both ends open and listens to neither, until the near one gives up.
async fn hold(mut near: TcpStream, far: TcpStream) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while matches!(near.read(&mut chunk).await, Ok(1..)) {}
    drop(far);
}

/// Another connection to the target, whose answers go nowhere.
async fn twin(shared: &Shared) -> Option<OwnedWriteHalf> {
    let (mut answers, twin) = shared.reach_target().await.ok()?.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut answers, &mut tokio::io::sink()).await });
    Some(twin)
}

/// Moves everything from one side to the other, the end of the stream too.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    direction: &Direction,
    mut course: Course,
    mut conditions: watch::Receiver<Conditions>,
) -> io::Result<()> {
    let (queue, mut queued) = mpsc::channel::<Chunk>(QUEUED_CHUNKS);
    let reading = async move {
        loop {
            let mut bytes = vec![0; CHUNK_BYTES];
            let length = from.read(&mut bytes).await?;
            bytes.truncate(length);
            if queue.send(Chunk { read_at: Instant::now(), bytes }).await.is_err() || length == 0 {
                return Ok(());
            }
        }
    };
    let writing = async {
        let begins = std::mem::take(&mut course.begins);
        deliver(&begins, &mut to, direction, &mut course, &mut conditions).await?;
        while let Some(chunk) = queued.recv().await {
            wait_out_delay(chunk.read_at, &mut conditions).await;
            if chunk.bytes.is_empty() {
                wait_until_audible(&mut conditions).await;
                return to.shutdown().await;
            }
            deliver(&chunk.bytes, &mut to, direction, &mut course, &mut conditions).await?;
        }
        Ok(())
    };
    tokio::try_join!(reading, writing)?;
    Ok(())
}

async fn deliver(
    bytes: &[u8],
    to: &mut WriteHalf<'_>,
    direction: &Direction,
    course: &mut Course,
    conditions: &mut watch::Receiver<Conditions>,
) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let Conditions { bytes_per_s: limit, breaks, .. } = *conditions.borrow_and_update();
        let breaks = breaks.filter(|_| course.breaks);
        let mut slice_bytes = limit.map_or(rest.len(), |rate| {
            usize::try_from(rate.get() / SLICES_PER_S).unwrap_or(usize::MAX).clamp(1, rest.len())
        });
        if let Some((after, how)) = breaks {
            let left = after.get().saturating_sub(course.carried);
            if left == 0 {
                return Err(broken(how));
            }
            slice_bytes = slice_bytes.min(usize::try_from(left).unwrap_or(usize::MAX));
        }
        let (slice, later) = rest.split_at(slice_bytes);
        if let Some(bytes_per_s) = limit {
            direction.pass(slice.len(), bytes_per_s).await;
        }
        wait_until_audible(conditions).await;
        to.write_all(slice).await?;
        direction.count(slice.len());
        course.carried += slice.len() as u64;
        if let Some(twin) = &mut course.twin
            && twin.write_all(slice).await.is_err()
        {
            course.twin = None;
        }
        rest = later;
    }
    Ok(())
}

/// A break as the error that ends a connection.
fn broken(how: Break) -> io::Error {
    match how {
        Break::End => io::ErrorKind::UnexpectedEof.into(),
        Break::Reset => io::ErrorKind::ConnectionReset.into(),
    }
}

/// Waits until the delay has passed since the bytes were read, following changes of it.
async fn wait_out_delay(read_at: Instant, conditions: &mut watch::Receiver<Conditions>) {
    loop {
        let due = read_at + conditions.borrow_and_update().delay;
        tokio::select! {
            () = tokio::time::sleep_until(due) => return,
            changed = conditions.changed() => if changed.is_err() { return },
        }
    }
}

async fn wait_until_audible(conditions: &mut watch::Receiver<Conditions>) {
    // The sender is gone only when the whole line is; the connection then ends anyway.
    conditions.wait_for(|c| c.mode != Mode::Blackhole).await.map(drop).ok();
}

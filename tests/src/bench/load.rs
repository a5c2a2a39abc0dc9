//! Load: lanes that each send their requests one after the other, all at the same time.

use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::http1::Connection;
use super::quantiles::percentile;

/// Requests that warm connections and caches, of one lane.
pub(super) const WARM_UP_SHARE: usize = 10;

/// What the load saw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// Answers a second, over all lanes.
    pub(super) per_s: f64,
    /// 99th percentile of the time from sending a request to having its whole answer.
    pub(super) p99_ms: f64,
}

/// What one lane saw.
struct LaneTimes {
    began: Instant,
    ended: Instant,
    took_ms: Vec<f64>,
}

/// Sends the requests of each lane over a connection of its own; every answer must have `status`.
///
/// The first tenth of each lane warms up and is not counted.
pub(super) async fn send(address: &str, lanes: Vec<Vec<Vec<u8>>>, status: u16) -> anyhow::Result<Measured> {
    let start = Arc::new(Barrier::new(lanes.len()));
    let mut running = JoinSet::new();
    for requests in lanes {
        running.spawn(run_lane(Connection::open(address).await?, requests, status, Arc::clone(&start)));
    }
    let mut times = Vec::new();
    while let Some(lane) = running.join_next().await {
        times.push(lane??);
    }
    summary(&times)
}

async fn run_lane(
    mut connection: Connection,
    requests: Vec<Vec<u8>>,
    status: u16,
    start: Arc<Barrier>,
) -> anyhow::Result<LaneTimes> {
    let (warm_up, counted) = requests.split_at(requests.len() / WARM_UP_SHARE);
    for request in warm_up {
        expect(&mut connection, request, status).await?;
    }
    start.wait().await;
    let began = Instant::now();
    let mut took_ms = Vec::with_capacity(counted.len());
    for request in counted {
        let sent = Instant::now();
        expect(&mut connection, request, status).await?;
        took_ms.push(sent.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(LaneTimes { began, ended: Instant::now(), took_ms })
}

async fn expect(connection: &mut Connection, request: &[u8], status: u16) -> anyhow::Result<()> {
    let answer = connection.ask(request).await?;
    let got = answer.status;
    ensure!(got == status, "expected {status}, got {got}: {}", String::from_utf8_lossy(answer.body));
    Ok(())
}

fn summary(lanes: &[LaneTimes]) -> anyhow::Result<Measured> {
    let took_ms: Vec<f64> = lanes.iter().flat_map(|lane| lane.took_ms.iter().copied()).collect();
    ensure!(!took_ms.is_empty(), "nothing was sent");
    let began = lanes.iter().map(|lane| lane.began).min().expect("there are lanes");
    let ended = lanes.iter().map(|lane| lane.ended).max().expect("there are lanes");
    let count = f64::from(u32::try_from(took_ms.len())?);
    Ok(Measured { per_s: count / (ended - began).as_secs_f64(), p99_ms: percentile(&took_ms, 99) })
}

/// Deals requests out to lanes by turns.
pub(super) fn deal<T>(requests: impl IntoIterator<Item = T>, lanes: usize) -> Vec<Vec<T>> {
    let mut dealt: Vec<Vec<T>> = (0..lanes).map(|_| Vec::new()).collect();
    for (n, request) in requests.into_iter().enumerate() {
        dealt[n % lanes].push(request);
    }
    dealt
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn requests_are_dealt_out_by_turns() {
        assert_eq!(deal(0..7, 3), [vec![0, 3, 6], vec![1, 4], vec![2, 5]]);
    }

    #[test]
    fn the_rate_runs_from_the_first_start_to_the_last_end() {
        let began = Instant::now();
        let lane = |from_ms, to_ms, took_ms: f64| LaneTimes {
            began: began + Duration::from_millis(from_ms),
            ended: began + Duration::from_millis(to_ms),
            took_ms: vec![took_ms; 100],
        };
        let measured = summary(&[lane(0, 400, 4.0), lane(100, 500, 9.0)]).unwrap();
        assert!((measured.per_s - 400.0).abs() < 1e-6, "{measured:?}");
        assert!((measured.p99_ms - 9.0).abs() < 1e-6, "{measured:?}");
        assert!(summary(&[]).is_err());
    }
}

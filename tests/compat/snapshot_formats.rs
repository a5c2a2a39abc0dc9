//! The forms of a snapshot: its manifest, and its chunks before they are compressed.

use lanyard_sync::snapshot::{Chunk, ChunkName, Manifest, SnapshotLog, StreamRecord};
use lanyard_sync::{
    CanonicalKey, Certificate, Claims, CommandId, Erasure, Hash, Head, NodeId, Role, SignedHead, StreamKey,
    StreamName,
};

use crate::golden::assert_frozen;
use crate::parties::{SCOPE, key, log, organiser};

fn certificate(node: u8) -> Certificate {
    let public_key = key(node).public_key();
    let claims = Claims {
        node: NodeId::of(&public_key),
        public_key,
        name: format!("node-{node}"),
        scopes: [SCOPE].into(),
        roles: [Role::Venue].into(),
        not_after_ms: 1_798_761_600_000,
        serial: 7,
        ext: Vec::new(),
    };
    claims.sign(&organiser()).unwrap()
}

fn snapshot_log(node: u8, seen: Option<u8>) -> SnapshotLog {
    let (dot, hash) = (log(node).dot(300), Hash([node; 32]));
    SnapshotLog {
        certificate: certificate(node),
        head: SignedHead::sign(SCOPE, dot, hash, &key(node)),
        lamport: 411,
        context: seen.map(|seen| (log(seen), Head::new(12, &Hash([9; 32])))).into_iter().collect(),
    }
}

#[test]
fn manifests_keep_their_form() {
    let mut logs = vec![snapshot_log(1, Some(2)), snapshot_log(2, None)];
    logs.sort_by_key(|log| log.head.dot.log);
    let manifest = Manifest {
        scope: SCOPE,
        maker: certificate(1),
        build: "1.2.3".to_owned(),
        logs,
        forks: [(log(2), 7)].into(),
        closed: [(log(1), 300)].into(),
        retired: vec![log(1).node],
        chunks: vec![ChunkName { hash: Hash([0x77; 32]), bytes: 70_000 }],
    };
    let bytes = manifest.sign(&key(1)).unwrap();
    assert_frozen("sync-snapshot-manifest", &bytes);
    assert_eq!(Manifest::open(&bytes, SCOPE, &organiser().public_key()), Ok(manifest));
}

#[test]
fn chunks_keep_their_form() {
    let names = [
        StreamName::new("attendee", StreamKey::Id([0x0a; 16])),
        StreamName::new("conference", StreamKey::None),
        StreamName::new("scans", StreamKey::Text("lane-2".to_owned())),
    ];
    let records = names.iter().zip([Some(b"{}".to_vec()), Some(Vec::new()), None]).map(|(name, state)| {
        let last = CanonicalKey::new(70_000, log(2).dot(44));
        StreamRecord { name: name.clone(), last, readable: state.is_some(), unknown: 3, state }
    });
    let erasure = Erasure {
        stream: names[0].clone(),
        certificate: certificate(2),
        signature: Erasure::sign(SCOPE, log(2).node, &names[0], &key(2)),
    };
    for (name, chunk) in [
        ("sync-snapshot-streams", Chunk::Streams(records.collect())),
        ("sync-snapshot-tallied", Chunk::Tallied(vec![(CommandId([5; 16]), 2), (CommandId([6; 16]), 0)])),
        ("sync-snapshot-erasures", Chunk::Erasures(vec![erasure])),
    ] {
        assert_frozen(name, &chunk.encode_plain());
        assert_eq!(Chunk::decode_plain(&chunk.encode_plain()), Ok(chunk));
    }
}

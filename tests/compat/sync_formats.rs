//! The formats of the replicated log.
//!
//! Keys, ids and salts are fixed, so every byte is: hashes and signatures too.

use lanyard_sync::session::{
    Challenge, ChallengeAnswer, Hello, HelloReply, HelloScope, Introduction, OwnHead, Protocol, Reply,
    Request, ScopeAnswer, announced_scope,
};
use lanyard_sync::{
    Batch, BatchBuilder, Certificate, Claims, CommandId, Dot, Draft, EPOCH_OPENED_KIND, EPOCH_OPENED_VERSION,
    Entry, EntryFrame, Epoch, EpochOpened, Erasure, Hash, Header, KnownScope, LogHead, LogWriter, NodeId,
    OnBranch, Part, Payload, PreviousEpoch, Problem, Pushed, Reissued, Role, Salted, ScopeId, Signature,
    SignedHead, SigningKey, StoredEntry, StreamKey, StreamName, VersionVector, admit, admit_with, chain_hash,
    genesis_hash, hex,
};

use crate::golden::assert_frozen;
use crate::parties::{SCOPE, key, log, organiser};

const DOCUMENT: &str = include_str!("../../docs/sync-protocol.md");

fn certificate(node: u8) -> Certificate {
    let public_key = key(node).public_key();
    let claims = Claims {
        node: NodeId::of(&public_key),
        public_key,
        name: format!("node-{node}"),
        scopes: [SCOPE, ScopeId([0xf1; 16])].into(),
        roles: if node == 1 { [Role::Hq, Role::Venue].into() } else { [Role::Venue].into() },
        not_after_ms: 1_798_761_600_000,
        serial: 7,
        ext: Vec::new(),
    };
    claims.sign(&organiser()).unwrap()
}

fn draft(number: u8) -> Draft {
    Draft {
        stream: StreamName::new("attendee", StreamKey::Id([number; 16])),
        kind: "attendee-checked-in".into(),
        version: 1,
        min_reader: 1,
        at_ms: 1_790_000_000_000 + i64::from(number) * 1_500,
        skew_ms: Some(-120),
        actor: "staff-7".into(),
        desk: "lane-3".into(),
        command: CommandId([0xc0 + number; 16]),
        index: 0,
        facts: Salted { salt: [0x50 + number; 16], bytes: br#"{"list":"main"}"#.to_vec() },
        personal: None,
        ext: Vec::new(),
    }
}

/// One node that opens its log and writes, having seen the other's.
struct Writer {
    log: LogWriter,
    key: SigningKey,
    entries: Vec<(Entry, Option<Signature>)>,
}

impl Writer {
    fn open(node: u8) -> Self {
        let opened =
            EpochOpened { certificate: certificate(node), previous: None, reason: "enrolled".into() };
        let log = LogWriter::new(SCOPE, LogHead::empty(SCOPE, log(node)));
        let mut writer = Self { log, key: key(node), entries: Vec::new() };
        writer.write(Draft {
            stream: EpochOpened::stream(certificate(node).claims.node),
            kind: EPOCH_OPENED_KIND.into(),
            version: EPOCH_OPENED_VERSION,
            desk: String::new(),
            facts: Salted { salt: [node; 16], bytes: opened.to_facts() },
            ..draft(0)
        });
        writer
    }

    fn write(&mut self, draft: Draft) {
        let entry = self.log.append(draft).unwrap();
        let signed = self.log.sign(&self.key);
        self.entries.push((entry, Some(signed.signature)));
    }
}

/// A check-in with a personal part, by a node that has seen the other one's log.
fn check_in() -> (Writer, Writer) {
    let (mut north, mut hq) = (Writer::open(2), Writer::open(1));
    hq.write(Draft {
        stream: StreamName::new("seats", StreamKey::Text("ws".into())),
        kind: "quota-set".into(),
        skew_ms: None,
        ..draft(1)
    });
    north.log.observe(hq.log.head());
    let personal = Some(Salted { salt: [0x77; 16], bytes: r#"{"name":"Łukasz"}"#.as_bytes().to_vec() });
    north.write(Draft { personal, ext: vec![0xa0], ..draft(2) });
    (north, hq)
}

fn last(writer: &Writer) -> Entry {
    writer.entries.last().unwrap().0.clone()
}

fn batch() -> Batch {
    let (mut north, hq) = check_in();
    let mut conference = draft(3);
    conference.stream = StreamName::new("conference", StreamKey::None);
    conference.index = 2;
    north.write(conference);
    // What travels holds a personal part that is there and one that was erased.
    north.write(Draft { personal: Some(Salted { salt: [0x78; 16], bytes: b"{}".to_vec() }), ..draft(4) });
    let (erased, _) = north.entries.last_mut().unwrap();
    erased.payload.personal = erased.payload.personal.as_ref().map(Part::erased);
    let mut builder = BatchBuilder::new(SCOPE);
    for (entry, signature) in hq.entries.into_iter().chain(north.entries) {
        let Entry { dot, header: _, header_bytes, payload, hash } = entry;
        let stored = StoredEntry { dot, header_bytes, payload, hash, signature };
        assert_eq!(builder.push(stored, |_| None), Ok(Pushed::Taken));
    }
    builder.finish().unwrap().unwrap()
}

fn vector() -> VersionVector {
    let (north, hq) = check_in();
    [&north, &hq].into_iter().map(|w| (w.log.head().log, w.log.head().head().unwrap())).collect()
}

#[test]
fn tags_separate_what_hashes_and_signatures_are_for() {
    let dot = log(1).dot(3);
    assert_frozen("sync-node-id", certificate(1).claims.node.as_bytes());
    assert_frozen("sync-genesis-hash", genesis_hash(SCOPE, log(1)).as_bytes());
    assert_frozen("sync-chain-hash", chain_hash(SCOPE, dot, &Hash([0x11; 32]), b"header").as_bytes());
    assert_frozen("sync-signature-input", &SignedHead::signature_input(SCOPE, dot, &Hash([0x11; 32])));
    let signed = SignedHead::sign(SCOPE, dot, Hash([0x11; 32]), &key(1));
    assert_frozen("sync-signature", signed.signature.as_bytes());
}

#[test]
fn commitments_are_keyed_by_their_salt() {
    let part = Part::Present { salt: [0x51; 16], bytes: br#"{"list":"main"}"#.to_vec() };
    assert_frozen("sync-commitment", part.commitment().as_bytes());
}

#[test]
fn headers_keep_their_form() {
    let (north, hq) = check_in();
    let with_context = last(&north);
    assert_frozen("sync-header", &with_context.header_bytes);
    assert_eq!(Header::decode(&with_context.header_bytes), Ok(with_context.header));
    assert_canonical(&with_context.header_bytes, |bytes| Some(Header::decode(bytes).ok()?.encode()));
    let short = last(&hq);
    assert_frozen("sync-header-short", &short.header_bytes);
    assert_eq!(Header::decode(&short.header_bytes), Ok(short.header));
}

#[test]
fn what_a_re_issued_entry_stands_for_keeps_both_its_forms() {
    let place = OnBranch { prefix: [0xb1; 8], before: Some([0xb0; 8]) };
    for (name, on_branch) in [("sync-reissued-1", None), ("sync-reissued-2", Some(place))] {
        let reissued = Reissued { original: log(2).dot(7), from: 5, seen: vector(), on_branch };
        assert_frozen(name, &reissued.to_ext());
        assert_canonical(&reissued.to_ext(), |bytes| Some(Reissued::from_ext(bytes)?.to_ext()));
    }
}

#[test]
fn entry_frames_keep_their_form() {
    let frame = EntryFrame::from(last(&check_in().0));
    assert_frozen("sync-entry-frame", &frame.encode());
    assert_eq!(EntryFrame::decode(&frame.encode()), Ok(frame.clone()));
    let personal = frame.payload.personal.as_ref().map(Part::erased);
    let erased = EntryFrame { payload: Payload { personal, ..frame.payload }, ..frame };
    assert_frozen("sync-entry-frame-erased", &erased.encode());
    assert_eq!(EntryFrame::decode(&erased.encode()), Ok(erased));
}

#[test]
fn vectors_and_their_digests_keep_their_form() {
    assert_frozen("sync-vector", &vector().encode());
    assert_frozen("sync-vector-digest", vector().digest().as_bytes());
    assert_frozen("sync-vector-digest-empty", VersionVector::default().digest().as_bytes());
    assert_eq!(VersionVector::decode(&vector().encode()), Ok(vector()));
    assert_canonical(&vector().encode(), |bytes| Some(VersionVector::decode(bytes).ok()?.encode()));
}

#[test]
fn certificates_keep_their_form_in_bytes_and_in_json() {
    assert_frozen("sync-certificate", &certificate(1).encode());
    assert_frozen("sync-certificate-signature-input", &certificate(1).claims.signature_input());
    assert_eq!(Certificate::decode(&certificate(1).encode()), Ok(certificate(1)));
    assert_canonical(&certificate(1).encode(), |bytes| Some(Certificate::decode(bytes).ok()?.encode()));
    let previous = PreviousEpoch { epoch: Epoch(9), seq: 40, head: Hash([0x22; 32]) };
    let opened =
        EpochOpened { certificate: certificate(1), previous: Some(previous), reason: "restored".into() };
    assert_frozen("sync-epoch-opened", &opened.to_facts());
    assert_eq!(EpochOpened::from_facts(&opened.to_facts()).unwrap(), opened);
}

#[test]
fn batches_keep_their_form_and_are_admitted() {
    let batch = batch();
    assert_frozen("sync-batch", &batch.encode_plain());
    assert_eq!(Batch::decode_plain(&batch.encode_plain()), Ok(batch.clone()));
    assert_eq!(Batch::decode(&batch.encode()), Ok(batch.clone()));
    let known = KnownScope::new(SCOPE, organiser().public_key());
    let dot = batch.frames.last().unwrap().dot;
    assert_eq!(admit(&known, batch.clone(), &|_: Dot| None), Err(Problem::NotErased(dot)));
    let admitted = admit_with(&known, batch, &|_: Dot| None, &|_: &StreamName| true).unwrap();
    assert_eq!((admitted.entries.len(), admitted.logs.len()), (6, 2));
}

#[test]
fn batches_with_words_of_erasures_keep_their_form_and_are_admitted() {
    let plain = batch();
    let stream = plain.frames.last().unwrap().header.stream.clone();
    assert_frozen("sync-erasure-signature-input", &Erasure::signature_input(SCOPE, log(1).node, &stream));
    let signature = Erasure::sign(SCOPE, log(1).node, &stream, &key(1));
    let batch = Batch { erasures: vec![Erasure { stream, certificate: certificate(1), signature }], ..plain };
    assert_frozen("sync-batch-erasures", &batch.encode_plain());
    assert_eq!(Batch::decode_plain(&batch.encode_plain()), Ok(batch.clone()));
    let known = KnownScope::new(SCOPE, organiser().public_key());
    let admitted = admit(&known, batch, &|_: Dot| None).unwrap();
    assert_eq!((admitted.entries.len(), admitted.erasures.len()), (6, 1));
}

fn assert_request(name: &str, request: &Request) {
    assert_frozen(name, &request.encode());
    assert_eq!(Request::decode(&request.encode()).as_ref(), Ok(request));
    assert_canonical(&request.encode(), |bytes| Some(Request::decode(bytes).ok()?.encode()));
}

fn assert_reply(name: &str, reply: &Reply) {
    assert_frozen(name, &reply.encode());
    assert_eq!(Reply::decode(&reply.encode()).as_ref(), Ok(reply));
    assert_canonical(&reply.encode(), |bytes| Some(Reply::decode(bytes).ok()?.encode()));
}

/// Damages each byte in turn: what can still be read must be what would be written.
fn assert_canonical(bytes: &[u8], again: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    for at in 0..bytes.len() {
        for flipped in [0x01, 0x20, 0x80, 0xff] {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= flipped;
            if let Some(written) = again(&damaged) {
                assert_eq!(hex::encode(&written), hex::encode(&damaged), "byte {at}");
            }
        }
        assert_eq!(again(&bytes[..at]), None, "cut at byte {at}");
    }
}

#[test]
fn requests_keep_their_form() {
    let (north, hq) = check_in();
    let own = OwnHead { log: log(2), head: north.log.head().head() };
    let unwritten = OwnHead { log: log(2), head: None };
    let digest = vector().digest();
    let floors = vec![(hq.log.head().log, 2)];
    let hello = Hello {
        protocol: Protocol { min: 1, max: 1 },
        capabilities: vec!["hints".into()],
        certificate: certificate(2),
        scopes: vec![
            HelloScope { scope: SCOPE, digest, own, floors },
            HelloScope { scope: ScopeId([0xf1; 16]), digest, own: unwritten, floors: Vec::new() },
        ],
    };
    assert_request("sync-request-hello", &Request::Hello(Box::new(hello)));
    assert_request("sync-request-pull", &Request::Pull { scope: SCOPE, vector: vector() });
    assert_request("sync-request-push", &Request::Push { scope: SCOPE, batch: vec![1, 2, 3] });
}

#[test]
fn replies_keep_their_form() {
    let head = vector().head(&log(2)).unwrap();
    let answers = [
        ScopeAnswer::InStep,
        ScopeAnswer::Exchange { vector: vector() },
        ScopeAnswer::Rewound { head },
        ScopeAnswer::ForkedAt { seq: 12 },
        ScopeAnswer::Denied,
        ScopeAnswer::SnapshotOnly,
    ];
    let hello = HelloReply {
        protocol: 1,
        capabilities: vec!["hints".into()],
        certificate: Some(certificate(1)),
        at_ms: 1_790_000_000_000,
        scopes: (1..).map(|number| ScopeId([number; 16])).zip(answers).collect(),
    };
    assert_reply("sync-reply-hello", &Reply::Hello(Box::new(hello)));
    assert_reply("sync-reply-pull", &Reply::Pull { vector: vector(), batch: Some(vec![1, 2, 3]) });
    assert_reply("sync-reply-pull-none", &Reply::Pull { vector: vector(), batch: None });
    assert_reply("sync-reply-push", &Reply::Push { vector: vector() });
}

#[test]
fn problems_keep_their_words_and_are_documented() {
    let dot = log(2).dot(3);
    let problems = [
        Problem::VersionTooOld,
        Problem::VersionTooNew,
        Problem::ExpiredCertificate,
        Problem::DeniedScope,
        Problem::Gap(dot),
        Problem::Fork(dot),
        Problem::BadChain(dot),
        Problem::BadSignature(dot),
        Problem::BadLamport(dot),
        Problem::MissingContext(dot),
        Problem::TooLarge,
        Problem::Busy { retry_after_ms: 700 },
        Problem::NeedsUpgrade(dot),
        Problem::NotErased(dot),
        Problem::Malformed,
    ];
    for problem in problems {
        let row = format!("| `{}` | {} |", problem.code(), problem.recovery());
        assert!(DOCUMENT.lines().any(|line| line == row), "docs/sync-protocol.md lacks {row}");
        let name = format!("sync-reply-problem-{}", problem.code().replace('_', "-"));
        assert_reply(&name, &Reply::problem(problem));
    }
}

#[test]
fn the_handshake_keeps_its_form() {
    let challenge = Challenge { server: log(1).node, nonce: [0x33; 32] };
    let answer = challenge.answer(SCOPE, certificate(2), &key(2));
    assert_frozen("sync-challenge", &challenge.encode());
    assert_frozen("sync-challenge-signature-input", &challenge.signature_input(SCOPE));
    assert_frozen("sync-challenge-answer", &answer.encode());
    assert_eq!(ChallengeAnswer::decode(&answer.encode()).as_ref(), Ok(&answer));
    assert_canonical(&answer.encode(), |bytes| Some(ChallengeAnswer::decode(bytes).ok()?.encode()));
    assert_eq!(answer.verify(&challenge, &organiser().public_key()), Ok(()));
}

#[test]
fn introductions_and_announced_scopes_keep_their_form() {
    let introduction = Introduction::sign(certificate(1), vec![0x44; 40], &key(1));
    assert_frozen("sync-introduction", &introduction.encode());
    assert_frozen("sync-announced-scope", &announced_scope(&SCOPE));
    assert_eq!(Introduction::decode(&introduction.encode()).as_ref(), Ok(&introduction));
    assert_canonical(&introduction.encode(), |bytes| Some(Introduction::decode(bytes).ok()?.encode()));
    assert_eq!(introduction.verify(&SCOPE, &organiser().public_key()), Ok(()));
}

//! The beginning every document has: one empty long text, so that desks that never met write into the same one.

/// The document before its first edit, as automerge saves it. Changes are made on its hash, so it never changes.
// Stored: every change of a document names its hash as the beginning.
#[rustfmt::skip]
pub(super) const GENESIS: [u8; 120] = [
    133, 111, 74, 131, 105, 140, 142, 221, 0, 110, 1, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 215,
    119, 108, 124, 48, 214, 53, 197, 152, 214, 83, 246, 109, 112, 228, 80, 190, 78, 243, 206, 231, 146, 37, 91, 88,
    232, 167, 228, 204, 15, 232, 143, 6, 1, 2, 3, 2, 19, 2, 35, 2, 64, 2, 86, 2, 7, 21, 6, 33, 2, 35, 2, 52, 1, 66,
    2, 86, 2, 128, 1, 2, 127, 0, 127, 1, 127, 1, 127, 0, 127, 0, 127, 7, 127, 4, 116, 101, 120, 116, 127, 0, 127, 1,
    1, 127, 4, 127, 0, 127, 0, 0,
];

#[cfg(test)]
mod tests {
    use automerge::transaction::{CommitOptions, Transactable};
    use automerge::{ActorId, Automerge, ObjType, ROOT};

    use super::*;

    #[test]
    fn the_beginning_never_changes_and_is_one_empty_text() {
        let hash = blake3::hash(&GENESIS).to_hex();
        assert_eq!(hash.as_str(), "641322e494179028748033beb1f4b062e9fb31732056e9834f8e7bd9156bde76");
        let mut made = Automerge::new().with_actor(ActorId::from([0_u8; 16]));
        let mut transaction = made.transaction();
        transaction.put_object(ROOT, "text", ObjType::Text).unwrap();
        transaction.commit_with(CommitOptions::default().with_time(0));
        assert_eq!(made.save(), GENESIS);
        let heads = made.get_heads();
        assert_eq!(heads.len(), 1);
        assert_eq!(heads[0].to_string(), "d7776c7c30d635c598d653f66d70e450be4ef3cee792255b58e8a7e4cc0fe88f");
    }
}

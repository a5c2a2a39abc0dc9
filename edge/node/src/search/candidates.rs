//! The full-text table and the bounded reading of it.
//!
//! Names are looked at first, everything else only while there is room. Both readings stop in the index as
//! soon as they have enough, so a single letter that begins half of all names costs no more than a rare one.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::query::{Query, Sought};
use super::unindexed;

/// Most attendees a search weighs against each other.
pub const CANDIDATES_MAX: usize = 200;

/// The table. `rowid` is the attendee's row; `words` is what [`super::document`] builds. The words are split
/// already, so the tokenizer has to do no more than to see blanks. Prefix indexes are in characters, the one
/// that tells the kind of word included.
pub const TABLE_SQL: &str = "CREATE VIRTUAL TABLE search USING fts5(
    words, content='', contentless_delete=1, detail=none,
    tokenize='ascii', prefix='1 2 3 4 5 6 7 8 9 10 11')";

const FIND_SQL: &str = "SELECT rowid FROM search WHERE search MATCH ?1 LIMIT ?2";

/// Finds at most [`CANDIDATES_MAX`] rows, those found by name first.
pub fn candidates(connection: &Connection, query: &Query) -> rusqlite::Result<Vec<i64>> {
    let mut rows = find(connection, &query.over_names())?;
    if rows.len() < CANDIDATES_MAX {
        let named: BTreeSet<i64> = rows.iter().copied().collect();
        let more = find(connection, &query.over_everything())?;
        rows.extend(more.into_iter().filter(|row| !named.contains(row)));
        rows.truncate(CANDIDATES_MAX);
    }
    Ok(rows)
}

/// Reads the full-text table, and while there is room what is still to be put there.
fn find(connection: &Connection, sought: &Sought) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(FIND_SQL)?;
    let limit = i64::try_from(CANDIDATES_MAX).expect("the limit is small");
    let rows = statement.query_map(params![sought.expression(), limit], |row| row.get(0))?;
    let mut rows: Vec<i64> = rows.collect::<Result<_, _>>()?;
    if rows.len() < CANDIDATES_MAX {
        rows.extend(unindexed::find(connection, sought, CANDIDATES_MAX - rows.len())?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Findable, document};
    use super::*;

    const PEOPLE: [(&str, &str, &str, &str, &str); 9] = [
        ("Łukasz", "Nowak", "lukasz@example.org", "Acme", "AB2CD3EF4"),
        ("Søren", "Kierkegaard", "sk@example.org", "", "Q7"),
        ("Đorđe", "Petrović", "", "Nowak & Sons", "Q8"),
        ("Max", "Straße", "", "", "Q9"),
        ("Jürgen", "Müller", "jm@mueller.example", "", "QA"),
        ("小明", "王", "", "", "QB"),
        ("محمد", "الأحمد", "", "", "QC"),
        ("O'Neil", "Mc-Donald", "", "", "O1L-I0"),
        ("Eva", "Mueller", "", "", "QD"),
    ];

    /// The table with everybody in it.
    fn table() -> Connection {
        let connection = unindexed_table();
        assert_eq!(unindexed::index(&connection, 100).unwrap(), PEOPLE.len());
        connection
    }

    /// The table before anybody is indexed.
    fn unindexed_table() -> Connection {
        let connection = Connection::open_in_memory().expect("memory");
        connection.execute_batch(TABLE_SQL).expect("the table is sound");
        connection.execute_batch(include_str!("../store/migrations/0008_unindexed.sql")).unwrap();
        // As it is in a database of a node, where the streams are there too.
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        for (row, (first_name, last_name, email, company, code)) in (1_i64..).zip(PEOPLE) {
            let codes = [code];
            let email = Some(email);
            let words =
                document(&Findable { first_name, last_name, email, company: Some(company), codes: &codes });
            unindexed::insert(&connection, row, &words).unwrap();
        }
        connection
    }

    fn found(connection: &Connection, typed: &str) -> Vec<&'static str> {
        let Some(query) = Query::parse(typed) else { return Vec::new() };
        let rows = candidates(connection, &query).expect("the query is sound");
        rows.into_iter().map(|row| PEOPLE[usize::try_from(row).unwrap() - 1].0).collect()
    }

    #[test]
    fn the_table_of_the_database_is_this_one() {
        let squeezed = |sql: &str| sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let migration = squeezed(include_str!("../store/migrations/0001_first.sql"));
        assert!(migration.contains(&squeezed(TABLE_SQL)));
    }

    #[test]
    fn people_are_found_by_what_is_typed() {
        let (connection, unindexed) = (table(), unindexed_table());
        for (typed, first_name) in [
            ("lukasz", "Łukasz"),
            ("LUK now", "Łukasz"),
            ("soren", "Søren"),
            ("soeren", "Søren"),
            ("dorde", "Đorđe"),
            ("djordje", "Đorđe"),
            ("strasse", "Max"),
            ("mueller jürg", "Jürgen"),
            ("muller", "Jürgen"),
            ("小明", "小明"),
            ("王小明", "小明"),
            ("مُحَمَّد", "محمد"),
            ("oneil", "O'Neil"),
            ("mcdon", "O'Neil"),
            ("ab2c-d3", "Łukasz"),
            ("oil1o", "O'Neil"),
            ("sk@exam", "Søren"),
        ] {
            assert_eq!(found(&connection, typed).first(), Some(&first_name), "{typed}");
            assert_eq!(found(&unindexed, typed), found(&connection, typed), "{typed}, not indexed");
        }
        assert_eq!(found(&connection, "müller"), ["Jürgen", "Eva"]);
        assert_eq!(found(&connection, "nobody"), Vec::<&str>::new());
    }

    #[test]
    fn names_come_before_companies() {
        assert_eq!(found(&table(), "nowak"), ["Łukasz", "Đorđe"]);
    }

    #[test]
    fn a_row_is_forgotten_and_replaced() {
        let connection = table();
        connection.execute("DELETE FROM search WHERE rowid = 1", []).unwrap();
        assert_eq!(found(&connection, "lukasz"), Vec::<&str>::new());
        connection.execute("INSERT INTO search(rowid, words) VALUES (1, 'other')", []).unwrap();
        assert_eq!(found(&connection, "other"), ["Łukasz"]);
    }

    #[test]
    fn those_indexed_in_part_are_all_found() {
        let (whole, connection) = (table(), unindexed_table());
        for left in (0..PEOPLE.len()).rev() {
            assert_eq!(unindexed::index(&connection, 1).unwrap(), 1);
            assert_eq!(unindexed::count(&connection).unwrap(), left as u64);
            for typed in ["nowak", "m", "example", "o", "q"] {
                assert_eq!(found(&connection, typed), found(&whole, typed), "{typed} with {left} left");
            }
        }
        assert_eq!(unindexed::index(&connection, 1).unwrap(), 0);
    }

    #[test]
    fn what_is_replaced_before_it_is_indexed_is_indexed_as_it_is_then() {
        let connection = unindexed_table();
        assert!(unindexed::replace(&connection, 1, "other").unwrap());
        for _ in 0..2 {
            assert_eq!(found(&connection, "lukasz"), Vec::<&str>::new());
            assert_eq!(found(&connection, "other"), ["Łukasz"]);
            unindexed::index(&connection, 100).unwrap();
        }
        assert!(!unindexed::replace(&connection, 1, "another").unwrap());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_is_typed_the_query_is_sound(typed: String) {
            assert_eq!(found(&unindexed_table(), &typed), found(&table(), &typed));
        }
    }

    #[test]
    fn hostile_queries_find_nobody_and_break_nothing() {
        let connection = table();
        for typed in
            ["\" OR 1 --", "words:x", "NEAR(a b)", "a* AND NOT b", "'; DROP TABLE search", "\u{0}a", "^x"]
        {
            found(&connection, typed);
        }
        assert_eq!(found(&connection, "lukasz").len(), 1);
    }
}

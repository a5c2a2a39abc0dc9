//! The steps of the specifications, by what they are about.

#![expect(clippy::needless_pass_by_value, reason = "a step takes what its expression captured by value")]

mod badges;
mod crowd;
mod delivery;
mod door;
mod lookups;
mod orders;
mod setting;

/// Rows of a step's table; none where the step has no table.
fn rows(step: &cucumber::gherkin::Step) -> Vec<Vec<String>> {
    step.table.as_ref().map(|table| table.rows.clone()).unwrap_or_default()
}

/// Lines of an order from a table of seat types and numbers.
fn lines(step: &cucumber::gherkin::Step) -> anyhow::Result<Vec<(String, i64)>> {
    let line = |row: &Vec<String>| -> anyhow::Result<(String, i64)> {
        let [name, seats] = row.as_slice() else { anyhow::bail!("a line is a seat type and a number") };
        Ok((crate::fixture::seat_type_id(name).to_owned(), seats.parse()?))
    };
    rows(step).iter().map(line).collect()
}

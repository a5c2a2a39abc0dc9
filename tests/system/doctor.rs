//! `lanyard doctor` on the folder of a real node: while it runs, and copied elsewhere.

use std::process::Command;

use crate::stage::Stage;

#[tokio::test]
async fn a_node_is_well_and_its_copy_is_not() {
    let mut stage = Stage::set(&["north"], 5).await.unwrap();
    let said = stage.venue.node("north").run(&["doctor"]).await.unwrap();
    assert!(said.contains("north is well"), "{said}");

    let data = stage.venue.node("north").data.clone();
    stage.venue.node("north").process.terminate(crate::stage::SOON).await.unwrap();
    // The incarnation stays behind, as with a backup of the database alone.
    let copy = data.with_file_name("copy");
    let copied = Command::new("cp").arg("-a").args([&data, &copy]).status().unwrap();
    assert!(copied.success());
    std::fs::remove_file(copy.join("lanyard.incarnation")).unwrap();
    stage.venue.node("north").data = copy;
    let said = stage.venue.node("north").run(&["doctor"]).await.unwrap_err().to_string();
    assert!(said.contains("needs somebody to do something"), "{said}");
    let report = stage.venue.node("north").run(&["doctor", "--json"]).await.unwrap_err();
    assert!(report.to_string().contains("doctor --json"), "{report}");

    stage.venue.node("north").data = data;
    stage.venue.node("north").start_again().await.unwrap();
    stage.clear().await.unwrap();
}

use std::path::PathBuf;

use super::example::{example, needs};
use super::file::{read, write};
use super::*;

#[test]
fn the_guard_learns_who_depends_on_a_service_through_others_also_in_a_circle() {
    let mut known = example();
    known
        .dependencies
        .push(needs(3, (2, "postgres"), (3, "shop")));
    let inventory = inventory_of(&known);
    let postgres = inventory
        .services
        .iter()
        .find(|service| service.name == "postgres")
        .unwrap();
    assert_eq!(postgres.dependents, ["api@web1", "shop@web1"]);
}

#[test]
fn the_guard_learns_which_server_is_this_machine() {
    let local: Vec<bool> = inventory_of(&example())
        .servers
        .iter()
        .map(|server| server.local)
        .collect();
    assert_eq!(local, [true, false]);
}

#[test]
fn a_written_snapshot_reads_back_and_answers_a_status() {
    let folder = tempfile_folder("reads-back");
    let file = folder.join("snapshot.json");
    write(&file, &example(), DateTime::default()).unwrap();
    let read = read(&file).unwrap().unwrap();
    assert!(read.says_the_same_as(&example()));
    assert_eq!(read.inventory.services.len(), 3);
    let reply = answer_from(
        &read,
        &Command::Status {
            name: Some("api".to_owned()),
        },
    )
    .unwrap();
    let Some(Reply::ServiceDetail(details)) = reply else {
        panic!("{reply:?}")
    };
    assert_eq!(
        (details[0].service.full_name(), details[0].needed_by.clone()),
        ("api@web1".to_owned(), vec!["shop@web1".to_owned()])
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_write_is_not_answered_by_a_snapshot() {
    let command = Command::Cancel {
        service: "api".to_owned(),
    };
    assert_eq!(answer_from(&example(), &command).unwrap(), None);
}

fn tempfile_folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("fjord-snapshot-{name}-{}", std::process::id()))
}

//! Steps that look an order up.

use cucumber::{then, when};
use serde_json::Value;

use crate::driver::{Action, By};
use crate::world::{Summit, desk};

/// A code with the right check character that no order has.
fn nobodys_code() -> String {
    lanyard_domain::access_code::draw(&[42; 16])
}

async fn look_up(w: &mut Summit, place: &str, email: &str, code: String) -> anyhow::Result<()> {
    let by = By { desk: desk(place), role: "volunteer" };
    w.ask(by, Action::Lookup { email: email.to_owned(), code }).await
}

#[when(regex = r#"^(\S+) looks the order of "(.+)" up by its code( in small letters)?$"#)]
async fn by_its_code(w: &mut Summit, place: String, email: String, small: String) -> anyhow::Result<()> {
    let code = w.placed.access_code.clone();
    let code = if small.is_empty() { code } else { code.to_lowercase() };
    look_up(w, &place, &email, code).await
}

#[when(regex = r#"^(\S+) looks an order of "(.+)" up by the code "(.+)"$"#)]
async fn by_a_code(w: &mut Summit, place: String, email: String, code: String) -> anyhow::Result<()> {
    look_up(w, &place, &email, code).await
}

#[when(regex = r#"^(\S+) looks an order of "(.+)" up by a code nobody has(?:, (\d+) times)?$"#)]
async fn by_no_code(w: &mut Summit, place: String, email: String, times: String) -> anyhow::Result<()> {
    let times = if times.is_empty() { 1 } else { times.parse()? };
    for _ in 0..times {
        look_up(w, &place, &email, nobodys_code()).await?;
    }
    Ok(())
}

#[then("the order is found")]
fn found(w: &mut Summit) -> anyhow::Result<()> {
    let seen = (w.answer.code.clone(), w.answer.order.is_some());
    w.check("the answer", &seen, &("ok".to_owned(), true))
}

#[then("both refusals were the same")]
fn same_refusals(w: &mut Summit) -> anyhow::Result<()> {
    let plain = |code: &str, data: &Value| {
        let mut data = data.clone();
        // When the node heard of HQ moves on by itself and hints at neither part of the pair.
        if let Some(fields) = data.as_object_mut() {
            fields.remove("last_synced_ms");
        }
        (code.to_owned(), data)
    };
    let (last, earlier) = (plain(&w.answer.code, &w.answer.data), plain(&w.earlier.code, &w.earlier.data));
    w.check("the refusals", &last, &earlier)
}

#[then(regex = r#"^at (\S+) each mistyped code of the order of "(.+)" is refused as "(.+)"$"#)]
async fn each_mistyped(w: &mut Summit, place: String, email: String, refusal: String) -> anyhow::Result<()> {
    for code in mistyped(&w.placed.access_code.clone()) {
        look_up(w, &place, &email, code.clone()).await?;
        let seen = w.answer.code.clone();
        w.check(&format!("the refusal of {code}"), &seen, &refusal)?;
    }
    Ok(())
}

/// The code with each character replaced by another, and with each pair of neighbours swapped.
fn mistyped(code: &str) -> Vec<String> {
    let symbols: Vec<char> = code.chars().collect();
    let replaced = (0..symbols.len()).map(|at| {
        let mut typed = symbols.clone();
        typed[at] = if typed[at] == 'K' { 'M' } else { 'K' };
        typed.into_iter().collect()
    });
    let swapped = (1..symbols.len()).filter(|at| symbols[at - 1] != symbols[*at]).map(|at| {
        let mut typed = symbols.clone();
        typed.swap(at - 1, at);
        typed.into_iter().collect()
    });
    replaced.chain(swapped).collect()
}

#[then(regex = r"^the refusal says when (\w+) last heard of HQ$")]
async fn says_when(w: &mut Summit, node: String) -> anyhow::Result<()> {
    let clock_ms = w.venue().await?.clock_ms(&node);
    let heard_ms = w.answer.data["last_synced_ms"].as_i64();
    w.check("heard before now", &heard_ms.is_some_and(|at_ms| at_ms > 0 && at_ms <= clock_ms), &true)
}

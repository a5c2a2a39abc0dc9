//! Steps in which many want something at the same moment.

use cucumber::gherkin::Step;
use cucumber::{then, when};

use super::lines;
use crate::driver::{Action, By, Terms};
use crate::world::{Summit, desk};

#[when(regex = r"^at the same moment (\d+) customers at (\S+) order:$")]
async fn crowd_orders(w: &mut Summit, count: usize, place: String, step: &Step) -> anyhow::Result<()> {
    let lines = lines(step)?;
    let by = By { desk: desk(&place), role: "cashier" };
    let node = by.node().to_owned();
    let actions: Vec<_> = (0..count)
        .map(|n| {
            let registrant = Some(format!("Customer {n}"));
            (by.clone(), Action::Place { registrant, attendee: None, lines: lines.clone() })
        })
        .collect();
    let venue = w.venue().await?;
    let answers = venue.act_together(&actions).await?;
    let mut crowd = Vec::new();
    for answer in &answers {
        match &answer.order {
            Some(order) => {
                let seen = venue.order(&node, order).await?;
                let complete = seen.lines.iter().all(|(_, wanted, held)| wanted == held);
                crowd.push((order.clone(), complete));
            }
            None => anyhow::ensure!(answer.code == "no_seats_left", "refused as {}", answer.code),
        }
    }
    (w.crowd, w.answers) = (crowd, answers);
    w.last = Some((by, Action::Place { registrant: None, attendee: None, lines }, Terms::default()));
    Ok(())
}

#[when("all who hold everything pay and are confirmed")]
async fn all_pay(w: &mut Summit) -> anyhow::Result<()> {
    let Some((by, ..)) = w.last.clone() else { anyhow::bail!("nobody ordered") };
    let complete: Vec<_> =
        w.crowd.iter().filter(|(_, complete)| *complete).map(|(order, _)| order.clone()).collect();
    for order in complete {
        let amount_minor = w.venue().await?.order(by.node(), &order).await?.total_minor;
        w.ask(by.clone(), Action::Pay { order: order.clone(), amount_minor }).await?;
        w.accepted()?;
        w.ask(by.clone(), Action::Confirm { order }).await?;
        w.accepted()?;
    }
    Ok(())
}

#[then(regex = r"^(\d+) of them hold everything and (\d+) do not$")]
fn hold_everything(w: &mut Summit, all: usize, some: usize) -> anyhow::Result<()> {
    let complete = w.crowd.iter().filter(|(_, complete)| *complete).count();
    let others = w.answers.len() - complete;
    w.check("orders that hold everything, and others", &(complete, others), &(all, some))
}

//! A seat type with the seats that remain here and elsewhere.

use std::collections::BTreeSet;

use lanyard_domain::conference::SeatType;
use lanyard_domain::{Account, Ledger, SeatTypeId};
use lanyard_sync::LogId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::cards::Names;

const BASIS_POINTS_PER_PERCENT: f64 = 100.0;

/// Something sold in limited number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeatTypeCard {
    /// Its id.
    pub seat_type: String,
    /// Its name.
    pub name: String,
    /// Price of one, minor units.
    pub price_minor: i64,
    /// Tax included in the price, percent.
    pub tax_percent: f64,
    /// Seats there are.
    pub quota: u32,
    /// Whether its holder may enter the conference.
    pub grants_admission: bool,
    /// Whether it is sold on top of admission.
    pub extra: bool,
    /// Whether it is sold at this moment.
    pub on_sale: bool,
    /// Seats this node may still sell.
    pub remaining_here: i64,
    /// Seats others may still sell, as last heard.
    pub remaining_elsewhere: i64,
    /// The same by node.
    pub elsewhere: Vec<ElsewhereCard>,
}

/// Seats another node may still sell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ElsewhereCard {
    /// Node.
    pub node: String,
    /// Seats.
    pub remaining: i64,
}

impl SeatTypeCard {
    /// The card of a seat type for the node that writes to `own`, where some logs are past.
    pub fn of(
        id: &SeatTypeId,
        seat_type: &SeatType,
        ledger: &Ledger,
        own: Account,
        past: &BTreeSet<LogId>,
        now_ms: i64,
        names: Names<'_>,
    ) -> Self {
        let elsewhere: Vec<_> = ledger
            .elsewhere(own, past)
            .into_iter()
            .map(|(account, remaining)| ElsewhereCard { node: names.account(account), remaining })
            .collect();
        Self {
            seat_type: id.to_string(),
            name: seat_type.name.clone(),
            price_minor: seat_type.price_minor,
            tax_percent: f64::from(seat_type.tax_basis_points) / BASIS_POINTS_PER_PERCENT,
            quota: ledger.quota,
            grants_admission: seat_type.grants_admission,
            extra: seat_type.extra,
            on_sale: seat_type.sale_window.as_ref().is_none_or(|window| window.holds(now_ms)),
            remaining_here: ledger.available(own).max(0),
            remaining_elsewhere: elsewhere.iter().map(|other| other.remaining).sum(),
            elsewhere,
        }
    }
}

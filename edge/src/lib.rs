//! The venue node: kiosk API, live updates, printing, uplink, file drop.

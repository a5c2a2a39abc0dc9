//! The central store: enrolment, attendee lists, quotas, rights, reports.

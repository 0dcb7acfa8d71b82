//! The options that say how sessions are resumed.

use clap::Args;

#[derive(Args)]
pub struct SessionOptions {
    /// Resume no session by a ticket
    #[arg(long)]
    pub no_tickets: bool,

    /// Resume no session by its ID, the only way there is at SSL 2.0 and 3.0
    #[arg(long)]
    pub no_session_ids: bool,
}

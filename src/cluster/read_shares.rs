//! Whose turn it is to read the cluster for a review.

use l7guard_policy::inventory::Scope;

use crate::shares::{Pace, ReadAllowance, Size, Turn, Turns};

/// How many requests of all reviews are under way at the same time; more wait, and the time of their reviews goes on. One
/// sender has at most half of them, one namespace of it at most a quarter (`shares`).
pub(super) const OF_ALL: usize = 64;

/// How many of these reviews with very many reads may have.
const OF_LARGE: usize = 16;

/// How many pages of lists of the whole cluster are under way at the same time. They are not among [`OF_ALL`]: what a list
/// waits for is another list.
const LISTS: usize = 8;

/// How many reviews may keep much of what they read (`ReadAllowance`) at the same time.
const LARGE_READERS: usize = 4;

/// What an address without client certificate may ask for: so many tokens a second, and so many at once.
const TOKENS_A_SECOND: u32 = 4_000;
const TOKENS_AT_ONCE: u32 = 8_000;

/// What requests cost. A page is up to 250 objects; of the whole cluster it is likely to be full, and read from etcd.
const OBJECT: u32 = 1;
const PAGE: u32 = 4;
const PAGE_OF_CLUSTER: u32 = 40;

/// The turns of all live reads.
#[derive(Debug)]
pub(super) struct ReadShares {
    requests: Turns,
    lists: Turns,
    large_readers: Turns,
    pace: Pace,
}

/// The live reads of one review, as far as they are begun at once.
pub(super) struct Reading<'a> {
    shares: &'a ReadShares,
    allowance: &'a ReadAllowance,
    size: Size,
}

impl Default for ReadShares {
    fn default() -> Self {
        Self {
            requests: Turns::new(OF_ALL, OF_LARGE),
            lists: Turns::new(LISTS, LISTS),
            large_readers: Turns::new(LARGE_READERS, LARGE_READERS),
            pace: Pace::new(TOKENS_A_SECOND, TOKENS_AT_ONCE),
        }
    }
}

impl ReadShares {
    /// So many reads are about to begin.
    pub(super) fn of<'a>(&'a self, allowance: &'a ReadAllowance, count: usize) -> Reading<'a> {
        Reading {
            shares: self,
            allowance,
            size: allowance.reads(count),
        }
    }
}

impl Reading<'_> {
    /// Waits for leave to ask for one object.
    pub(super) async fn turn(&self) -> Turn {
        self.wait(&self.shares.requests, OBJECT).await
    }

    /// Waits for leave to ask for one page of a list.
    pub(super) async fn turn_of_list(&self, scope: &Scope) -> Turn {
        match scope {
            Scope::Namespace(_) => self.wait(&self.shares.requests, PAGE).await,
            Scope::Cluster => self.wait(&self.shares.lists, PAGE_OF_CLUSTER).await,
        }
    }

    /// Counts what is kept of an answer until the review ends: its length as it came. Waits where that is much.
    pub(super) async fn keeps(&self, bytes: usize) {
        let turns = &self.shares.large_readers;
        self.allowance.keeps(bytes, turns).await;
    }

    async fn wait(&self, turns: &Turns, tokens: u32) -> Turn {
        let flow = self.allowance.flow();
        let turn = turns.take(flow, self.size).await;
        // Only after the turn: whoever waits here holds up nobody but its own address, and is one of few.
        if let Some(address) = flow.paced() {
            self.shares.pace.keep(address, tokens).await;
        }
        turn
    }
}

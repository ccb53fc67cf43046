//! The process of a flood: so many clients, each of which connects again when its connection ends.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::attack::{Attack, From};
use crate::reviews;
use crate::tls::Connector;

/// The pause between two bytes of who is slow.
const DRIP: Duration = Duration::from_millis(200);

/// The pause between two reviews of who sends one now and then.
const NOW_AND_THEN: Duration = Duration::from_secs(2);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

struct Plan {
    attack: Attack,
    from: From,
    target: SocketAddr,
    connector: Option<Connector>,
    /// What is sent: a whole request.
    request: Bytes,
    end: Instant,
    between: Duration,
    /// When the next connection may be made.
    next: Mutex<Instant>,
}

/// `attack KIND FROM CLIENTS RATE MILLISECONDS TARGET NAME AUTHORITY`
pub(crate) fn run(words: &[String]) -> ExitCode {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.maximum;
    setrlimit(Resource::Nofile, Rlimit { current, ..limit }).unwrap();
    let attack = Attack::named(&words[0]).unwrap();
    let from = From::BOTH.into_iter().find(|from| from.name() == words[1]);
    let rate: u32 = words[3].parse().unwrap();
    // One thread: a flood, too, shares the machine.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let plan = Arc::new(Plan {
            attack,
            from: from.unwrap(),
            target: words[5].parse().unwrap(),
            connector: (!words[6].is_empty()).then(|| Connector::new(&words[6], words[7].as_ref())),
            request: match attack {
                _ if words[6].is_empty() => reviews::probe("/livez"),
                Attack::Large => reviews::request(&reviews::large()),
                _ => reviews::request(&reviews::allowed()),
            },
            end: Instant::now() + Duration::from_millis(words[4].parse().unwrap()),
            between: Duration::from_secs(1) / rate,
            next: Mutex::new(Instant::now()),
        });
        let mut clients = JoinSet::new();
        for _ in 0..words[2].parse().unwrap() {
            clients.spawn(client(Arc::clone(&plan)));
        }
        clients.join_all().await;
    });
    ExitCode::SUCCESS
}

async fn client(plan: Arc<Plan>) {
    while Instant::now() < plan.end {
        let slot = {
            let mut next = plan.next.lock().unwrap();
            let slot = (*next).max(Instant::now());
            *next = slot + plan.between;
            slot
        };
        sleep_until(slot.min(plan.end)).await;
        let _ = timeout_at(plan.end, plan.attack()).await;
    }
}

impl Plan {
    async fn attack(&self) -> io::Result<()> {
        let stream = self.connect().await?;
        match self.attack {
            Attack::Tcp => hold(stream).await,
            Attack::SlowHandshake => {
                let hello = self.connector.as_ref().map(Connector::hello);
                drip(stream, &hello.unwrap_or_default()).await
            }
            Attack::Churn => self.encrypt(stream).await.map(drop),
            _ => self.abuse(self.encrypt(stream).await?).await,
        }
    }

    /// What is done over a connection that stands.
    async fn abuse(&self, mut stream: Box<dyn Stream>) -> io::Result<()> {
        let headers = reviews::headers_of(&self.request);
        match self.attack {
            Attack::SlowHeaders => drip(stream, headers).await,
            Attack::SlowBody | Attack::SlowLaterBody => {
                if self.attack == Attack::SlowLaterBody {
                    self.ask(&mut stream).await?;
                }
                stream.write_all(headers).await?;
                stream.flush().await?;
                drip(stream, &self.request[headers.len()..]).await
            }
            Attack::ReviewThenSilence => {
                self.ask(&mut stream).await?;
                hold(stream).await
            }
            Attack::ReviewNowAndThen => loop {
                self.ask(&mut stream).await?;
                sleep(NOW_AND_THEN).await;
            },
            Attack::Large => loop {
                self.ask(&mut stream).await?;
            },
            Attack::Unread => loop {
                stream.write_all(&self.request).await?;
                stream.flush().await?;
            },
            _ => hold(stream).await,
        }
    }

    async fn ask(&self, stream: &mut Box<dyn Stream>) -> io::Result<()> {
        stream.write_all(&self.request).await?;
        stream.flush().await?;
        reviews::read_answer(stream).await
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if self.attack == Attack::Unread {
            socket.set_recv_buffer_size(4096)?;
        }
        let source = match self.from {
            From::Same => Ipv4Addr::LOCALHOST,
            From::Many => Ipv4Addr::new(
                127,
                fastrand::u8(1..),
                fastrand::u8(..),
                fastrand::u8(1..255),
            ),
        };
        socket.bind(SocketAddr::from((source, 0)))?;
        socket.connect(self.target).await
    }

    async fn encrypt(&self, stream: TcpStream) -> io::Result<Box<dyn Stream>> {
        match &self.connector {
            None => Ok(Box::new(stream)),
            Some(connector) => Ok(Box::new(connector.connect(stream).await?)),
        }
    }
}

/// Keeps a connection for as long as the server does.
async fn hold(mut stream: impl AsyncRead + Unpin) -> io::Result<()> {
    copy(&mut stream, &mut sink()).await.map(drop)
}

/// Sends byte after byte, and then nothing, for as long as the server keeps the connection.
async fn drip(stream: impl Stream, bytes: &[u8]) -> io::Result<()> {
    let (mut read, mut write) = tokio::io::split(stream);
    let sending = async {
        // The last one is never sent.
        for byte in &bytes[..bytes.len().saturating_sub(1)] {
            write.write_all(&[*byte]).await?;
            write.flush().await?;
            sleep(DRIP).await;
        }
        std::future::pending::<io::Result<()>>().await
    };
    let ended = async {
        while read.read(&mut [0; 512]).await? > 0 {}
        io::Result::Ok(())
    };
    tokio::select! {
        sent = sending => sent,
        ended = ended => ended,
    }
}

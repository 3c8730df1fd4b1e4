//! tokio: a server and its clients, channels, timers that are paused, tasks that panic or are cancelled, a child process.

use std::time::Duration;

use bytes::{Buf, BufMut, BytesMut};
use futures::stream::{self, StreamExt};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

async fn serve(listener: TcpListener, mut stop: oneshot::Receiver<()>) -> u64 {
    let mut served = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (mut stream, _) = accepted.unwrap();
                served.spawn(async move {
                    let mut total = 0;
                    while let Ok(length) = stream.read_u32().await {
                        let mut message = vec![0; length as usize];
                        stream.read_exact(&mut message).await.unwrap();
                        message.reverse();
                        let mut answer = BytesMut::new();
                        answer.put_u32(length);
                        answer.extend_from_slice(&message);
                        stream.write_all(&answer).await.unwrap();
                        total += u64::from(length);
                    }
                    total
                });
            }
            _ = &mut stop => break,
        }
    }
    served.join_all().await.into_iter().sum()
}

async fn client(port: u16, me: u32) -> u64 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut sum = 0;
    for round in 0..50u32 {
        let message: Vec<u8> = (0..round * me % 997).map(|i| (i * 31 + me) as u8).collect();
        stream.write_u32(message.len() as u32).await.unwrap();
        stream.write_all(&message).await.unwrap();
        let mut answer = vec![0; 4 + message.len()];
        stream.read_exact(&mut answer).await.unwrap();
        let mut answer = &answer[..];
        assert_eq!(answer.get_u32() as usize, message.len());
        sum += answer.iter().enumerate().map(|(i, byte)| i as u64 * u64::from(*byte)).sum::<u64>();
    }
    sum
}

async fn network() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(serve(listener, stopped));
    let sums: Vec<u64> = stream::iter(1..=20).map(|me| client(port, me)).buffered(8).collect().await;
    stop.send(()).unwrap();
    println!("clients {sums:?}");
    println!("served {}", server.await.unwrap());
}

async fn channels() {
    let (sender, mut receiver) = mpsc::channel(3);
    let (shout, _) = broadcast::channel(64);
    let limit = std::sync::Arc::new(Semaphore::new(2));
    for n in 0..10u64 {
        let (sender, limit, mut heard) = (sender.clone(), limit.clone(), shout.subscribe());
        tokio::spawn(async move {
            let word: u64 = heard.recv().await.unwrap();
            let _permit = limit.acquire().await.unwrap();
            tokio::task::yield_now().await;
            sender.send(n * word).await.unwrap();
        });
    }
    drop(sender);
    shout.send(7).unwrap();
    let mut got = Vec::new();
    while let Some(n) = receiver.recv().await {
        got.push(n);
    }
    got.sort_unstable();
    println!("channels {got:?}");
}

async fn failures() {
    let panicked = tokio::spawn(async { Vec::<u8>::new()[std::hint::black_box(3)] }).await.unwrap_err();
    println!("panicked {} {:?}", panicked.is_panic(), panicked.into_panic().downcast_ref::<String>());
    let task = tokio::spawn(std::future::pending::<()>());
    task.abort();
    println!("cancelled {}", task.await.unwrap_err().is_cancelled());
    println!("blocking {}", tokio::task::spawn_blocking(|| (0..1000u64).fold(1, |a, b| a ^ (b * b))).await.unwrap());
}

async fn child() {
    let mut command = tokio::process::Command::new("sort");
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).env("LC_ALL", "C");
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"c\na\nb\n").await.unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        println!("child {line}");
    }
    println!("child {}", child.wait().await.unwrap());
}

async fn timers() {
    let start = Instant::now();
    let (short, long) = tokio::join!(timeout(Duration::from_millis(5), sleep(Duration::from_secs(9))), async {
        sleep(Duration::from_millis(40)).await;
        start.elapsed() >= Duration::from_millis(40)
    });
    println!("timers {} {long}", short.is_err());
}

fn main() {
    tracing_subscriber::fmt().without_time().with_ansi(false).init();
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    many.block_on(async {
        let span = tracing::info_span!("all", kind = "many");
        let _entered = span.enter();
        tracing::info!(answer = 42, "begins");
    });
    many.block_on(network());
    many.block_on(channels());
    many.block_on(failures());
    many.block_on(child());
    many.block_on(timers());
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(network());
    one.block_on(channels());
    tracing::warn!("ends");
}

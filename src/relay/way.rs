//! Bytes one way, from one stream to another.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is read at once, and the most that is held when the writer does not keep up.
const CHUNK: usize = 64 * 1024;

/// Whose side broke.
#[derive(Debug)]
pub(super) enum Lost {
    Reader(io::Error),
    Writer(io::Error),
}

/// How far a way has come.
#[derive(Debug, Default, PartialEq)]
enum Stage {
    #[default]
    Open,
    /// The reader has ended; the writer is about to hear of it.
    Ending,
    Ended,
}

/// Bytes one way. It holds memory only while the writer does not keep up: what is read goes out from the stack.
#[derive(Debug, Default)]
pub(super) struct Way {
    held: Vec<u8>,
    /// How much of it is written.
    written: usize,
    stage: Stage,
}

impl Way {
    /// A way on which these bytes go first.
    pub(super) fn beginning_with(held: Vec<u8>) -> Self {
        Self {
            held,
            ..Self::default()
        }
    }

    /// Carries what can be carried now, and calls `count` for what went out. Ready when the reader has ended and the
    /// writer's half is closed; the other way goes on.
    pub(super) fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        mut count: impl FnMut(usize),
    ) -> Poll<Result<(), Lost>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            while self.written < self.held.len() {
                let rest = &self.held[self.written..];
                let length = ready!(Pin::new(&mut *to).poll_write(cx, rest)).map_err(Lost::Writer)?;
                if length == 0 {
                    return Poll::Ready(Err(Lost::Writer(io::ErrorKind::WriteZero.into())));
                }
                self.written += length;
                count(length);
            }
            self.held = Vec::new();
            self.written = 0;
            match self.stage {
                Stage::Ended => return Poll::Ready(Ok(())),
                Stage::Ending => {
                    ready!(Pin::new(&mut *to).poll_shutdown(cx)).map_err(Lost::Writer)?;
                    self.stage = Stage::Ended;
                }
                Stage::Open => {
                    let mut chunk = [const { MaybeUninit::uninit() }; CHUNK];
                    let mut read = ReadBuf::uninit(&mut chunk);
                    match Pin::new(&mut *from).poll_read(cx, &mut read) {
                        Poll::Ready(Err(error)) if !is_end(&error) => {
                            return Poll::Ready(Err(Lost::Reader(error)));
                        }
                        Poll::Ready(_) => {}
                        Poll::Pending => {
                            // TLS may have taken bytes that it has not sent.
                            ready!(Pin::new(&mut *to).poll_flush(cx)).map_err(Lost::Writer)?;
                            return Poll::Pending;
                        }
                    }
                    let read = read.filled();
                    if read.is_empty() {
                        self.stage = Stage::Ending;
                        continue;
                    }
                    let length = match Pin::new(&mut *to).poll_write(cx, read) {
                        Poll::Ready(length) => length.map_err(Lost::Writer)?,
                        Poll::Pending => 0,
                    };
                    count(length);
                    self.held.extend_from_slice(&read[length..]);
                }
            }
        }
    }
}

/// Whether an error is the end of a stream: a peer that speaks TLS and closes without saying so, as many do. Nothing is
/// cut off unseen by that, as the API's messages tell their length.
pub(super) fn is_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Waker;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter, repeat};

    use super::*;

    #[tokio::test]
    async fn what_is_held_for_a_slow_writer_is_bounded_and_given_back() {
        let (mut writer, mut slow) = tokio::io::duplex(1000);
        let mut endless = repeat(7);
        let mut way = Way::default();
        let mut cx = Context::from_waker(Waker::noop());
        let mut carried = 0;
        for _ in 0..10 {
            let polled = way.poll(&mut cx, &mut endless, &mut writer, |length| carried += length);
            assert!(polled.is_pending());
        }
        assert_eq!((carried, way.held.len()), (1000, CHUNK - 1000));

        let mut nothing = tokio::io::empty();
        let mut taken = vec![0; CHUNK];
        let taking = tokio::spawn(async move { slow.read_exact(&mut taken).await.map(|_| slow) });
        poll_fn(|cx| way.poll(cx, &mut nothing, &mut writer, |length| carried += length))
            .await
            .unwrap();
        assert_eq!((carried, way.held.capacity()), (CHUNK, 0));
        let mut rest = Vec::new();
        taking
            .await
            .unwrap()
            .unwrap()
            .read_to_end(&mut rest)
            .await
            .unwrap();
        assert!(rest.is_empty(), "its half is closed, and nothing came twice");
    }

    #[tokio::test]
    async fn what_a_writer_keeps_back_is_sent_when_nothing_more_comes() {
        let (mut said, mut from) = tokio::io::duplex(1000);
        let (writer, _reader) = tokio::io::duplex(1000);
        let mut writer = BufWriter::new(writer);
        said.write_all(b"last").await.unwrap();
        let mut carried = 0;
        let polled = Way::default().poll(
            &mut Context::from_waker(Waker::noop()),
            &mut from,
            &mut writer,
            |length| carried += length,
        );
        assert!(polled.is_pending());
        assert_eq!((carried, writer.buffer().len()), (4, 0));
    }

    #[tokio::test]
    async fn what_it_begins_with_goes_first() {
        let (mut writer, mut reader) = tokio::io::duplex(1000);
        let mut more: &[u8] = b" and more";
        let mut way = Way::beginning_with(b"early".to_vec());
        poll_fn(|cx| way.poll(cx, &mut more, &mut writer, |_| {}))
            .await
            .unwrap();
        let mut all = String::new();
        reader.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "early and more");
    }
}

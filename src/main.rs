//! Parses arguments, runs, maps the outcome to an exit code; nothing else.

/// Plans are millions of small objects: this one puts no header before each of them, and is as fast where the C library's own is
/// slow (musl).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    migrate::cli::main()
}

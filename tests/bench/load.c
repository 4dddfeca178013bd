/* Opens WebSocket connections to a server on 127.0.0.1, clicks on some of them, and prints as JSON what it saw.
 *
 *   load PORT PID DIALECT CONNECTIONS CLICKERS RATE SECONDS WINDOW FROZEN
 *
 * DIALECT: classic sends {"counter": n}; v1 says hello and sends numbered adds (lan-counter.v1); deflate is classic
 * with the permessage-deflate that browsers offer: the frames are then counted, not read.
 * CLICKERS clicks RATE times a second each; with one of them a click's way to the last listener is known too.
 * WINDOW: how many handshakes are under way at once. PID: the process whose CPU time is counted, 0 for none.
 * FROZEN: 1 for the last connection to take nothing while the others click, and to wake up afterwards.
 * Times are milliseconds, CPU time microseconds. One thread, one epoll, no wait but that. RFC 6455. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 4096, OPS = 4096, PENDING = 2, OPEN = 3 };

typedef struct {
    int fd, state, length;
    long op, acked;          /* clicks sent, and how many of them are answered */
    long long value, wanted; /* the newest counter seen; what a classic click has set */
    double due, *sent;       /* when to click next; when each click was sent */
    unsigned char in[BUFFER];
} Connection;

static Connection *all;
static int count, clickers, v1, deflate, ready, poll_fd;
static int port, clicking, measuring, frozen;
static long long base, newest;
static long clicks, frames, bytes, closed, acks, lasts, total;
static double *own, *last_seen, *one_sent;
static int *missing;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double cpu(int pid) {
    clockid_t clock;
    struct timespec t;
    if (!pid || clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t)) return 0;
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* Memory of a process that is its own, in KiB: field 2 less field 3 of /proc/PID/statm, in pages. */
static double memory(int pid) {
    char path[64];
    long all_pages, resident = 0, shared = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (fscanf(file, "%ld %ld %ld", &all_pages, &resident, &shared) != 3) resident = shared = 0;
    fclose(file);
    return (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024.0);
}

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void lose(Connection *c) {
    if (c->state == OPEN) closed++, ready--;
    close(c->fd);
    c->fd = -1;
    c->state = 0;
}

/* A masked frame (section 5.3) with the mask 0, which leaves the payload as it is. */
static void send_frame(Connection *c, int opcode, const char *payload, int length) {
    unsigned char frame[256] = {0x80 | opcode};
    int head = 6;
    frame[1] = 0x80 | length;
    if (length > 125) return;
    memcpy(frame + head, payload, length);
    if (send(c->fd, frame, head + length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN) lose(c);
}

static void say(Connection *c, const char *form, ...) {
    char text[126];
    va_list arguments;
    va_start(arguments, form);
    int length = vsnprintf(text, sizeof text, form, arguments);
    va_end(arguments);
    send_frame(c, 1, text, length);
}

static void dial(Connection *c) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("socket");
    int small = 4096; /* else the kernel takes thousands of frames for one that sleeps */
    if (frozen && c == all + count - 1) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (void *)&to, sizeof to) && errno != EINPROGRESS) die("connect");
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event);
    c->state = 1;
}

static void connected(Connection *c) {
    char text[512];
    int length = snprintf(text, sizeof text,
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s\r\n", port,
        v1 ? "Sec-WebSocket-Protocol: lan-counter.v1\r\n" : "",
        deflate ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" : "");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->fd, &event);
    if (send(c->fd, text, length, MSG_NOSIGNAL) != length) die("handshake");
    c->state = PENDING;
}

static int number(const unsigned char *text, int length, const char *key, long long *found) {
    const unsigned char *at = memmem(text, length, key, strlen(key));
    if (!at) return 0;
    *found = strtoll((const char *)at + strlen(key), NULL, 10);
    return 1;
}

/* The payload is followed by a byte that is no digit, or by the next frame's first, 0x81: no digit either. */
static void take_text(Connection *c, const unsigned char *text, int length) {
    long long value, ack;
    double at = now();
    if (measuring) frames++, bytes += length;
    if (deflate) return;
    if (number(text, length, "\"counter\":", &value)) {
        if (clickers == 1 && clicking)
            for (long long n = c->value - base + 1; n <= value - base && n <= clicks; n++)
                if (n > 0 && --missing[n] == 0) last_seen[lasts++] = at - one_sent[n];
        c->value = value;
        if (value > newest) newest = value;
        if (!v1)
            for (; c->acked < c->op && value >= (clickers == 1 ? base + c->acked + 1 : c->wanted); c->acked++)
                if (acks < total) own[acks++] = at - c->sent[c->acked % OPS];
    }
    if (v1 && number(text, length, "\"ack\":", &ack))
        for (; c->acked < ack && c->acked < c->op; c->acked++)
            if (acks < total) own[acks++] = at - c->sent[c->acked % OPS];
}

static void take_frames(Connection *c) {
    int at = 0;
    while (c->state == OPEN && c->length - at >= 2) {
        int opcode = c->in[at] & 15, size = c->in[at + 1], head = 2;
        if (size == 126) {
            if (c->length - at < 4) break;
            size = c->in[at + 2] << 8 | c->in[at + 3], head = 4;
        }
        if (size > BUFFER - 4) die("a frame is too long");
        if (c->length - at < head + size) break;
        if (opcode <= 2) take_text(c, c->in + at + head, size);
        if (opcode == 9) send_frame(c, 10, (char *)c->in + at + head, size);
        if (opcode == 8) { lose(c); return; }
        at += head + size;
    }
    memmove(c->in, c->in + at, c->length -= at);
}

static void readable(Connection *c) {
    int got = recv(c->fd, c->in + c->length, BUFFER - 1 - c->length, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) lose(c);
        return;
    }
    c->length += got;
    c->in[c->length] = 0;
    if (c->state == PENDING) {
        unsigned char *end = memmem(c->in, c->length, "\r\n\r\n", 4);
        if (!end) return;
        if (memcmp(c->in, "HTTP/1.1 101", 12)) { errno = ECONNREFUSED; die("the server did not upgrade"); }
        c->state = OPEN;
        ready++;
        int head = end + 4 - c->in;
        memmove(c->in, c->in + head, c->length -= head);
        c->in[c->length] = 0;
        if (v1) say(c, "{\"type\":\"hello\",\"client\":\"bench-%08d-%08d\"}", getpid(), (int)(c - all));
    }
    take_frames(c);
}

static void click(Connection *c) {
    c->sent[c->op++ % OPS] = now();
    clicks++;
    if (clickers == 1) one_sent[clicks] = now(), missing[clicks] = ready - frozen;
    c->wanted = (clickers == 1 ? base + clicks : c->value + 1);
    if (v1) say(c, "{\"type\":\"add\",\"op\":%ld,\"delta\":1}", c->op);
    else say(c, "{\"counter\":%lld}", c->wanted);
}

/* Handle what comes until `until`, or until `done` says so. */
static double turn(double until, int (*done)(void)) {
    struct epoll_event events[512];
    for (;;) {
        double at = now(), next = until;
        if (clicking)
            for (int i = 0; i < clickers; i++) {
                Connection *c = all + i;
                if (c->state == OPEN && c->due <= at) c->due += c->sent[OPS], click(c);
                if (c->due < next) next = c->due;
            }
        if (at >= until || (done && done())) return now();
        struct timespec rest = {0, 0};
        if (next > at) rest.tv_sec = (next - at) / 1e3, rest.tv_nsec = (long)((next - at) * 1e6) % 1000000000;
        int found = epoll_pwait2(poll_fd, events, 512, &rest, NULL);
        for (int i = 0; i < found; i++) {
            Connection *c = events[i].data.ptr;
            if (c->state == 1) connected(c);
            else if (c->state) readable(c);
        }
    }
}

static int dialled, window;
static int joined(void) {
    while (dialled < count && dialled - ready < window) dial(all + dialled++);
    return ready == count;
}
static int greeted(void) {
    if (deflate) return 1;
    for (int i = 0; i < count; i++) if (all[i].value < 0) return 0;
    return 1;
}
static int agreed(void) {
    for (int i = 0; i < count - frozen; i++) if (all[i].state == OPEN && all[i].value != newest) return 0;
    return newest >= base + clicks;
}

static int woken(void) { return all[count - 1].state != OPEN || all[count - 1].value == newest; }

static int order(const void *a, const void *b) { return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b); }
static void print(const char *name, double *times, long many) {
    qsort(times, many, sizeof *times, order);
    if (!many) printf("\"%s\":null,", name);
    else printf("\"%s\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},", name,
                times[many / 2], times[many * 99 / 100], times[many - 1]);
}

int main(int argc, char **argv) {
    if (argc != 10) { fprintf(stderr, "see the head of load.c\n"); return 2; }
    int pid = atoi(argv[2]);
    port = atoi(argv[1]), v1 = !strcmp(argv[3], "v1"), deflate = !strcmp(argv[3], "deflate");
    count = atoi(argv[4]), frozen = atoi(argv[9]), clickers = atoi(argv[5]), window = atoi(argv[8]);
    double rate = atof(argv[6]), seconds = atof(argv[7]);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poll_fd = epoll_create1(0);
    all = calloc(count, sizeof *all);
    total = clickers * rate * (seconds + 1) + clickers + 16;
    own = calloc(total, sizeof *own), last_seen = calloc(total, sizeof *own), one_sent = calloc(total, sizeof *own);
    missing = calloc(total, sizeof *missing);
    for (int i = 0; i < count; i++) {
        all[i].value = -1;
        if (i < clickers) all[i].sent = calloc(OPS + 1, sizeof(double)), all[i].sent[OPS] = 1e3 / rate;
    }
    double begun = now(), before = memory(pid);
    turn(begun + 60e3, joined);
    double join_ms = turn(begun + 60e3, greeted) - begun;
    if (ready < count || !greeted()) { errno = ETIMEDOUT; die("not all could join"); }
    turn(now() + 500, NULL); /* what joining leaves to be said */
    double grown = memory(pid) - before;
    base = newest = all[0].value < 0 ? 0 : all[0].value;
    double start = now(), used = cpu(pid), mine = cpu(getpid());
    for (int i = 0; i < clickers; i++) all[i].due = start + 1e3 / rate * i / clickers;
    if (frozen) epoll_ctl(poll_fd, EPOLL_CTL_DEL, all[count - 1].fd, NULL);
    clicking = measuring = 1;
    turn(start + seconds * 1e3, NULL);
    for (int i = 0; i < clickers; i++) all[i].due = 1e300;
    double ended = now(), span = ended - start;
    int whole = !deflate && agreed();
    double settled = turn(ended + 1500, deflate ? NULL : agreed);
    whole = !deflate && agreed();
    used = cpu(pid) - used, mine = cpu(getpid()) - mine;
    double grown_clicking = memory(pid) - before - grown, woke = now();
    if (frozen) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = all + count - 1};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, all[count - 1].fd, &event);
        woke = turn(woke + 5e3, woken) - woke;
        printf("{\"woken_ms\":%.3f,", woken() ? woke : 5e3);
    } else {
        printf("{");
    }
    printf("\"joined_at\":%.3f,\"kib_each\":%.2f,\"grown_kib\":%.1f,", begun + join_ms, grown / count, grown_clicking);
    printf("\"join_ms\":%.1f,\"seconds\":%.3f,\"clicks\":%ld,\"frames\":%ld,\"bytes\":%ld,\"closed\":%ld,"
           "\"cpu_us\":%.0f,\"load_us\":%.0f,\"lost\":%lld,\"unanswered\":%ld,",
           join_ms, span / 1e3, clicks, frames, bytes, closed, used, mine,
           deflate ? 0LL : base + clicks - newest, clicks - acks);
    if (whole) printf("\"agree_ms\":%.1f,", settled - ended);
    else printf("\"agree_ms\":null,");
    print("own", own, acks);
    print("last", last_seen, lasts);
    printf("\"value\":%lld}\n", newest);
    return 0;
}

/* The floor: the least that delivering costs. One thread; each {"counter": n} that comes is sent on to everybody, in
 * a bare loop of send(). No UTF-8, no limits, nobody who is slow, and one fixed key in the handshake: load.c's. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST = 8192 };
static int open_fds[MOST], many, greeted[65536], poll_fd;
static long long counter;

static int make_frame(unsigned char *frame) {
    int length = sprintf((char *)frame + 2, "{\"counter\":%lld}", counter);
    frame[0] = 0x81, frame[1] = length;
    return length + 2;
}

static void greet(int fd) {
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    unsigned char frame[64];
    send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    send(fd, frame, make_frame(frame), MSG_NOSIGNAL);
    open_fds[many++] = fd, greeted[fd] = 1;
}

static void leave(int fd) {
    for (int i = 0; i < many; i++)
        if (open_fds[i] == fd) open_fds[i] = open_fds[--many];
    greeted[fd] = 0;
    close(fd);
}

static void take(int fd) {
    unsigned char in[4096], frame[64];
    int got = recv(fd, in, sizeof in, 0), at = 0;
    if (got <= 0) { leave(fd); return; }
    if (!greeted[fd]) { greet(fd); return; }
    while (at + 6 <= got) {
        int size = in[at + 1] & 127;
        unsigned char *mask = in + at + 2, *text = in + at + 6;
        for (int i = 0; i < size; i++) text[i] ^= mask[i & 3];
        char *found = memmem(text, size, "\"counter\":", 10);
        if (found) counter = strtoll(found + 10, NULL, 10);
        at += 6 + size;
        int length = make_frame(frame);
        if (found)
            for (int i = 0; i < many; i++) send(open_fds[i], frame, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

int main(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int one = 1, door = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    if (bind(door, (void *)&here, size) || listen(door, 4096) || getsockname(door, (void *)&here, &size)) return 1;
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    poll_fd = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = door}, events[256];
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, door, &event);
    for (;;) {
        int found = epoll_wait(poll_fd, events, 256, -1);
        for (int i = 0; i < found; i++) {
            if (events[i].data.fd != door) { take(events[i].data.fd); continue; }
            int fd = accept(door, NULL, NULL);
            if (fd < 0 || many == MOST) continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            event.data.fd = fd;
            epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
        }
    }
}

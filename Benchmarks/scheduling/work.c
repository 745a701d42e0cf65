// work.c: one task of the scheduling benchmark: a fixed amount of work, however long it takes.
//
//   work cpu ROUNDS                                    computes
//   work memory MEGABYTES PASSES                       goes over so much memory so often
//   work wait PORT REQUESTS MILLISECONDS               asks the server, with so long between two requests
//   work mixed ROUNDS MEGABYTES PASSES PORT REQUESTS MILLISECONDS
//   work calibrate                                     prints rounds a second, and megabytes gone over a second
//
// Exit status: 0 done; 1 the server or memory was not there; 2 usage.
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t sink;

// Of this process alone: what else runs meanwhile must not make tasks smaller.
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void compute(long rounds) {
  uint64_t x = 88172645463325252u;
  for (long i = 0; i < rounds; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  sink = x;
}

static void walk(long megabytes, long passes) {
  size_t words = (size_t)megabytes * (1u << 20) / sizeof(uint64_t);
  uint64_t *memory = malloc(words * sizeof(uint64_t));
  if (!memory) exit(1);
  memset(memory, 1, words * sizeof(uint64_t));
  for (long pass = 0; pass < passes; pass++)
    for (size_t i = 0; i < words; i += 8) memory[i] += i;
  sink = memory[words / 2];
  free(memory);
}

static void ask(int port, long requests, long milliseconds) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) exit(1);
  struct timespec pause = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  for (long i = 0; i < requests; i++) {
    char byte = '?';
    nanosleep(&pause, NULL);
    if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) exit(1);
  }
  close(fd);
}

int main(int count, char **words) {
  // What the benchmark looks for when it adds up the memory of all.
  prctl(PR_SET_NAME, "jarvis-work");
  const char *mode = count > 1 ? words[1] : "";
  long n[6] = {0};
  for (int i = 0; i < 6 && i + 2 < count; i++) n[i] = atol(words[i + 2]);
  if (!strcmp(mode, "cpu") && count == 3) {
    compute(n[0]);
  } else if (!strcmp(mode, "memory") && count == 4) {
    walk(n[0], n[1]);
  } else if (!strcmp(mode, "wait") && count == 5) {
    ask((int)n[0], n[1], n[2]);
  } else if (!strcmp(mode, "mixed") && count == 8) {
    compute(n[0]);
    walk(n[1], n[2]);
    ask((int)n[3], n[4], n[5]);
  } else if (!strcmp(mode, "calibrate") && count == 2) {
    double begin = now();
    compute(50000000);
    double middle = now();
    walk(64, 20);
    printf("%.0f %.0f\n", 50000000 / (middle - begin), 64 * 20 / (now() - middle));
  } else {
    fputs("usage: see the head of work.c\n", stderr);
    return 2;
  }
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated board over UDP: a datagram is a packet. Its faults are lost and doubled datagrams. */
#include "board.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int udp_open(struct sim_board *board, uint16_t port, struct signet_error *err)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    board->udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (board->udp_fd < 0 || bind(board->udp_fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        getsockname(board->udp_fd, (struct sockaddr *)&at, &len) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot open UDP port %u", port);
    board->udp_port = ntohs(at.sin_port);
    return SIGNET_OK;
}

static bool nth(uint64_t count, double n)
{
    return n >= 1 && count % (uint64_t)n == 0;
}

size_t udp_receive(struct sim_board *board, uint8_t data[static UDP_MTU], int *times)
{
    const struct sim_faults *faults = &board->wire.faults;

    while (board->udp_fd >= 0) {
        socklen_t peer_len = sizeof(board->udp_peer);
        ssize_t n = recvfrom(board->udp_fd, data, UDP_MTU, 0, (struct sockaddr *)&board->udp_peer,
                             &peer_len);

        if (n < 0)
            return 0;
        board->udp_in++;
        if (n == 0 || nth(board->udp_in, faults->drop_rx))
            continue;
        *times = nth(board->udp_in, faults->dup) ? 2 : 1;
        return (size_t)n;
    }
    return 0;
}

void udp_send(struct sim_board *board, const struct buf *packet)
{
    board->udp_out++;
    if (nth(board->udp_out, board->wire.faults.drop_tx))
        return;
    if (sendto(board->udp_fd, packet->data, packet->len, 0, (struct sockaddr *)&board->udp_peer,
               sizeof(board->udp_peer)) < 0)
        board_log(board, "<wrn> sim: a datagram could not be sent");
}

uint16_t sim_board_udp(const struct sim_board *board)
{
    return board->udp_port;
}

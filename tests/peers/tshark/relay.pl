#!/usr/bin/perl
# Carries connections to an SMSC and writes down what the gateway sent: FILE.1, FILE.2 …, a connection each, as the
# hexadecimal dump that text2pcap reads. Until it is ended.
#   relay.pl PORT SMSC_PORT FILE
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($port, $smsc_port, $file) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 16, ReuseAddr => 1)
    or die "relay: port $port: $!\n";
my $select = IO::Select->new($listener);
my (%other, %dump);    # by socket
my $count = 0;

sub connect_through {
    my $gateway = $listener->accept or return;
    my $smsc = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $smsc_port) or return $gateway->close;
    open my $dump, '>', "$file." . ++$count or die "relay: $file.$count: $!\n";
    $dump->autoflush(1);
    @other{ $gateway, $smsc } = ($smsc, $gateway);
    $dump{$gateway} = $dump;
    $select->add($gateway, $smsc);
}

sub cut {
    for my $socket (@_) {
        $select->remove($socket);
        delete $_->{$socket} for \%other, \%dump;
        $socket->close;
    }
}

sub write_down {
    my ($dump, $octets) = @_;
    for (my $at = 0; $at < length $octets; $at += 16) {
        printf $dump "%06x %s\n", $at, join ' ', unpack '(H2)*', substr $octets, $at, 16;
    }
    print $dump "\n";
}

sub carry {
    my ($from) = @_;
    my $to = $other{$from} or return;
    my $got = sysread $from, my $octets, 4096;
    return cut($from, $to) unless $got;
    write_down($dump{$from}, $octets) if $dump{$from};
    for (my $sent = 0; $sent < $got;) {
        $sent += syswrite($to, $octets, $got - $sent, $sent) // return cut($from, $to);
    }
}

$SIG{PIPE} = 'IGNORE';
while (1) {
    $_ == $listener ? connect_through() : carry($_) for $select->can_read;
}

#!/usr/bin/perl
# A dialogue with the gateway, bound as a transmitter and a receiver. Prints each reply as `MSISDN < text`, then "done":
# then the gateway is to be ended, and unbinds. Exit status 0 when all was as it should be.
#   smsc.pl PORT CARDS      CARDS: CSV of `topupctl batch generate`
use strict;
use warnings;
use utf8;
use FindBin;
use lib $FindBin::Bin;
use Smsc;
binmode STDOUT, ':utf8';
$| = 1;

my ($port, $cards) = @ARGV;
open my $file, '<', $cards or die "net-smpp: $cards: $!\n";
my ($header, @pins) = map { (split /,/)[1] } <$file>;

my $smsc = Smsc->listen(port => $port);
my ($sends, $hears) = map { $smsc->bound('topup', $_) } qw(transmitter receiver);
$smsc->ask($_, 'enquire_link') == 0 or die "net-smpp: enquire_link was refused\n" for $sends, $hears;

sub text {
    my ($from, $coding, $text) = @_;
    my $status = $smsc->deliver('topup', $from, $coding, $text);
    die "net-smpp: deliver_sm was answered with status $status\n" if $status != 0;
    my ($reply, @parts) = $smsc->reply($from);
    print "$from < $reply\n";
    for (@parts) {
        die "net-smpp: the reply is not from the short code\n" if $_->{source_addr} ne '12345';
        die "net-smpp: esm_class $_->{esm_class}\n" if $_->{esm_class} & ~0x40;
    }
    return $parts[-1];
}
sub receipt {
    my ($part, $state, %more) = @_;
    # submit_sm_resp had it in hexadecimal with zeros before it (receipt_match = "decimal_of_hex").
    die "net-smpp: no receipt was asked for\n" if $part->{registered_delivery} != 1;
    my $status = $smsc->deliver_receipt('topup', $part, hex $part->{message_id}, $state, %more);
    die "net-smpp: a delivery receipt was answered with status $status\n" if $status != 0;
}

receipt(text('999701234567', 'gsm', "TOPUP $pins[0]"), 'DELIVRD');
$smsc->refuse(0x58, 0x58);    # ESME_RTHROTTLED: the same reply comes again
receipt(text('999701234567', 'gsm', 'bal'), 'ENROUTE');
my $lost = text('999701234568', 'ucs2', "topup $pins[1]");
receipt($lost, '', message_state => chr 5, receipted_message_id => hex($lost->{message_id}) . "\0");
text('999701234569', 'gsm', $pins[0]);
text('999701234569', 'ucs2', "شحن $pins[2]");

$smsc->wait_for_enquire_links;
$smsc->ask($_, 'unbind') == 0 or die "net-smpp: unbind was refused\n" for $sends, $hears;
$smsc->wait_for('end of both links', sub { $smsc->{closed} == 2 });
$smsc->bound('topup', $_) for qw(transmitter receiver);    # and it is back
print "done\n";
$smsc->wait_for('unbind of both links', sub { $smsc->{unbinds} == 2 });

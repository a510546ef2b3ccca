#!/usr/bin/perl
# Makes the gateway say everything that it ever says to an SMSC, and writes the command id and status of each PDU into
# JOURNAL. Prints each reply, then "done": then the gateway is to be ended, and unbinds.
#   dialogue.pl PORT CARDS JOURNAL    inside tests/cluster run
#
# The gateway has three [[smsc]] here: "topup" joins parts by UDH and has room for one text; "pair" is a transmitter and
# a receiver and joins by SAR TLVs; "payload" joins by message_payload and carries USSD.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../net-smpp";
use Smsc;
binmode STDOUT, ':utf8';
$| = 1;

my ($port, $cards, $journal) = @ARGV;
open my $file, '<', $cards or die "dialogue: $cards: $!\n";
my ($header, @pins) = map { (split /,/)[1] } <$file>;
my $smsc = Smsc->listen(port => $port, journal => $journal);
my @all = (['topup', 'transceiver'], ['pair', 'transmitter'], ['pair', 'receiver'], ['payload', 'transceiver']);
my $phone = 999701234500;

sub must { my ($is, $want, $what) = @_; $is == $want or die sprintf "dialogue: %s: 0x%x, not 0x%x\n", $what, $is, $want }

sub text {
    my ($system_id, $coding, $text, %more) = @_;
    must($smsc->deliver($system_id, $phone, $coding, $text, %more), 0, 'deliver_sm_resp');
    my ($reply, @parts) = $smsc->reply($phone);
    print "$system_id $phone < $reply (", scalar @parts, ")\n";
    return @parts;
}

# What is said when all goes well: short and long, in both alphabets.
must($smsc->ask($smsc->bound(@$_), 'enquire_link'), 0, 'enquire_link') for @all;
for my $system_id (qw(topup pair payload)) {
    ++$phone;
    text($system_id, 'gsm', 'TOPUP ' . shift @pins);
    text($system_id, 'ucs2', 'رصيد');
    my @arabic = text($system_id, 'ucs2', 'مساعدة');
    my @english = text($system_id, 'gsm', 'HELP');
    my $parts = $system_id eq 'payload' ? 1 : 2;
    die "dialogue: a long reply in @{[scalar @english]} and @{[scalar @arabic]} parts\n" if @english != $parts || @arabic < $parts;
}

# Somebody else's account: a question, an answer, and a notice to a phone that has sent nothing.
text('payload', 'gsm', 'TOPUP ' . shift(@pins) . ' 0709876543');
text('payload', 'gsm', 'YES');
$smsc->reply('+999709876543');

# USSD, in one shot and as a dialogue.
my %ussd = (service_type => 'USSD', its_session_info => pack('CC', 7, 0));
text('payload', 'gsm', '*123*' . shift(@pins) . '#', %ussd, ussd_service_op => chr 1);
$ussd{its_session_info} = pack 'CC', 8, 0;
text('payload', 'gsm', '*123#', %ussd, ussd_service_op => chr 1);
text('payload', 'gsm', '1', %ussd, ussd_service_op => chr 18);
text('payload', 'gsm', shift @pins, %ussd, ussd_service_op => chr 18);
text('payload', 'gsm', '1', %ussd, ussd_service_op => chr 18);

# What cannot be taken: each deliver_sm_resp with its status.
my $link = $smsc->bound('topup', 'transceiver');
must($smsc->deliver('topup', '9' x 25, 'gsm', 'BAL'), 0x0A, 'a source address of 25 digits');
must($smsc->deliver('topup', $phone, 'gsm', 'BAL', destination_addr => '1' x 25), 0x0B, 'a destination of 25 digits');
my $body = pack 'x C2 Z* C2 Z* x9 C', 1, 1, $phone, 0, 1, '12345', 200;    # sm_length 200, and nothing behind it
$link->syswrite(pack('N4', 16 + length $body, 0x00000005, 0, 0x700) . $body);
must($smsc->answer_to($link, 0x700), 0x01, 'sm_length past the end');
$link->syswrite(pack 'N4', 16, 0x00000999, 0, 0x701);
must($smsc->answer_to($link, 0x701), 0x03, 'an unknown command');
my $burst = 8;    # more than there is room for
my @sequences = map { $link->deliver_sm(Smsc::fields($phone + $_, 'gsm', 'BAL'), async => 1) } 1 .. $burst;
my %statuses;
++$statuses{ $smsc->answer_to($link, $_) } for @sequences;
$statuses{0} && $statuses{0x14} && keys %statuses == 2 or die "dialogue: a burst was answered with @{[%statuses]}\n";
$smsc->wait_for('replies to the burst', sub { @{ $smsc->{submitted} } == $statuses{0} });
$smsc->{submitted} = [];
my @cluster = ($ENV{TOPUP_CLUSTER}, 'stop', $ENV{TOPUP_TEST_CLUSTER});
system(@cluster) == 0 or die "dialogue: @cluster\n";
must($smsc->deliver('topup', $phone, 'gsm', 'BAL'), 0x64, 'the store is away');
$cluster[1] = 'start';
system("@cluster >/dev/null") == 0 or die "dialogue: @cluster\n";
$smsc->wait_for('store', sub { $smsc->deliver('topup', $phone, 'gsm', 'BAL') == 0 });
$smsc->reply($phone);

# Links: throttled, silent, unbound by either side, and ended by what is no frame.
$smsc->refuse(0x58);
text('pair', 'gsm', 'BAL');
$smsc->wait_for_enquire_links;
must($smsc->ask($smsc->bound('pair', 'receiver'), 'unbind'), 0, 'unbind');
$smsc->wait_for('end of that link', sub { $smsc->{closed} == 1 });
$link->syswrite(pack 'N4', 7, 0x00000005, 0, 0x702);
$smsc->wait_for('end of the broken link', sub { $smsc->{closed} == 2 });
$smsc->bound(@$_) for @all;
print "done\n";
$smsc->wait_for('unbind of each link', sub { $smsc->{unbinds} == @all });

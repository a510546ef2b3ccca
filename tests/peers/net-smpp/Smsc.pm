# An SMSC made of Net::SMPP, by another author than node-smpp and libsmpp34: it takes binds, delivers texts, puts replies
# together, and does on request what SMSCs do. One process, any number of links. Everything that does not come, or is
# not as SMPP 3.4 has it, ends the process with a word.
package Smsc;
use strict;
use warnings;
use Encode ();
use IO::Select;
use Net::SMPP;
use Socket qw(MSG_PEEK);

my %bind_kind = (
    Net::SMPP::CMD_bind_transmitter() => 'transmitter',
    Net::SMPP::CMD_bind_receiver()    => 'receiver',
    Net::SMPP::CMD_bind_transceiver() => 'transceiver',
);
my %charset = (default => 'gsm0338', gsm => 'gsm0338', ucs2 => 'UCS-2BE');
my $patience = 20;    # seconds

# journal: a file for the command id and status of every PDU that came, in hexadecimal, one a line.
sub listen {
    my ($class, %given) = @_;
    my $listener = Net::SMPP->new_listen('127.0.0.1', port => $given{port}) or die "net-smpp: port $given{port}: $!\n";
    my $self = bless {
        listener => $listener, select => IO::Select->new($listener), links => {}, answers => {}, submitted => [],
        refusals => [], unbinds => 0, closed => 0, last_id => 0xA0,
    }, $class;
    open($self->{journal}, '>', $given{journal}) or die "net-smpp: $given{journal}: $!\n" if $given{journal};
    return $self;
}

# What comes is taken until `done` says so.
sub wait_for {
    my ($self, $what, $done) = @_;
    my $until = time + $patience;
    until ($done->()) {
        die "net-smpp: $what: not within $patience s\n" if time > $until;
        $self->take($_) for $self->{select}->can_read(1);
    }
}

# The link that system_id has bound as one of these kinds.
sub bound {
    my ($self, $system_id, @kinds) = @_;
    my $found;
    $self->wait_for("bind of $system_id as @kinds", sub {
        for my $link (values %{ $self->{links} }) {
            $found = $link if $link->{system_id} eq $system_id && grep { $_ eq $link->{kind} } @kinds;
        }
        return $found;
    });
    return $found->{smpp};
}

# Every link has been probed.
sub wait_for_enquire_links {
    my ($self) = @_;
    $self->wait_for('enquire_link on each link', sub { !grep { !$_->{probes} } values %{ $self->{links} } });
}

# The status that our request got; the name of a Net::SMPP method and what it takes.
sub ask {
    my ($self, $smpp, $request, %fields) = @_;
    return $self->answer_to($smpp, $smpp->$request(%fields, async => 1));
}
sub answer_to {
    my ($self, $smpp, $sequence) = @_;
    my $key = fileno($smpp) . "/$sequence";
    $self->wait_for("answer to request $sequence", sub { exists $self->{answers}{$key} });
    return delete $self->{answers}{$key};
}

# A text of this phone -> the status of deliver_sm_resp. coding: default, gsm or ucs2; all else as in deliver_sm.
sub deliver {
    my ($self, $system_id, $from, $coding, $text, %more) = @_;
    return $self->ask($self->bound($system_id, 'receiver', 'transceiver'), 'deliver_sm',
        fields($from, $coding, $text), %more);
}
sub fields {
    my ($from, $coding, $text) = @_;
    return (source_addr_ton => 1, source_addr_npi => 1, source_addr => $from,
        dest_addr_ton => 0, dest_addr_npi => 1, destination_addr => '12345',
        data_coding => $coding eq 'ucs2' ? 8 : 0, short_message => Encode::encode($charset{$coding}, $text));
}

# The next reply to this phone, whole: its text, and the submit_sm that it came in.
sub reply {
    my ($self, $to) = @_;
    my ($text, @parts);
    $self->wait_for("reply to $to", sub {
        @parts = grep { $_->{destination_addr} eq $to } @{ $self->{submitted} };
        $text = whole(@parts) if @parts;
        return defined $text;
    });
    @{ $self->{submitted} } = grep { $_->{destination_addr} ne $to } @{ $self->{submitted} };
    return ($text, @parts);
}

# What became of a message of theirs, as SMSCs tell it (SMPP 3.4 Appendix B).
sub deliver_receipt {
    my ($self, $system_id, $part, $id, $state, %more) = @_;
    return $self->deliver($system_id, $part->{destination_addr}, 'gsm',
        "id:$id sub:001 dlvrd:001 submit date:2611221800 done date:2611221801 stat:$state err:000 text:", esm_class => 4, %more);
}

# The next submit_sm get these statuses.
sub refuse { my ($self, @statuses) = @_; push @{ $self->{refusals} }, @statuses }

sub take {
    my ($self, $from) = @_;
    if ($from == $self->{listener}) {
        my $smpp = $from->accept or die "net-smpp: accept: $!\n";
        $self->{links}{ fileno($smpp) } = { smpp => $smpp, system_id => '', kind => '' };
        $self->{select}->add($smpp);
        return;
    }
    recv $from, my $first, 1, MSG_PEEK;
    return $self->drop($from) if $first eq '';
    my $pdu = $from->read_pdu or die "net-smpp: a PDU that breaks off\n";
    printf { $self->{journal} } "0x%08x 0x%08x\n", $pdu->{cmd}, $pdu->{status} if $self->{journal};
    $self->answer($from, $pdu);
}

sub drop {
    my ($self, $link) = @_;
    ++$self->{closed};
    delete $self->{links}{ fileno($link) };
    $self->{select}->remove($link);
    $link->close;
}

sub answer {
    my ($self, $from, $pdu) = @_;
    my $command = $pdu->{cmd};
    if (my $kind = $bind_kind{$command}) {
        die "net-smpp: the bind is not the one configured\n"
            unless $pdu->{password} eq 'secret' && $pdu->{interface_version} == 0x34;
        my $link = $self->{links}{ fileno($from) };
        ($link->{system_id}, $link->{kind}) = ($pdu->{system_id}, $kind);
        my $response = "bind_${kind}_resp";
        $from->$response(seq => $pdu->{seq}, system_id => 'net-smpp');
    } elsif ($command == Net::SMPP::CMD_submit_sm()) {
        my $status = shift @{ $self->{refusals} } // 0;
        $pdu->{message_id} = sprintf '%08X', ++$self->{last_id};
        push @{ $self->{submitted} }, $pdu if $status == 0;
        $from->submit_sm_resp(seq => $pdu->{seq}, status => $status, message_id => $status ? '' : $pdu->{message_id});
    } elsif ($command == Net::SMPP::CMD_enquire_link()) {
        ++$self->{links}{ fileno($from) }{probes};
        $from->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($command == Net::SMPP::CMD_unbind()) {
        ++$self->{unbinds};
        $from->unbind_resp(seq => $pdu->{seq});
    } elsif ($command & 0x80000000) {
        $self->{answers}{ fileno($from) . "/$pdu->{seq}" } = $pdu->{status};
    } else {
        die sprintf "net-smpp: a request 0x%08x from an ESME\n", $command;
    }
}

# The text of these submit_sm when all its parts are there.
sub whole {
    my @parts = @_;
    my %by_number;
    my $total = 1;
    for my $part (@parts) {
        my $octets = $part->{message_payload} // $part->{short_message};
        my $number = 1;
        if ($part->{esm_class} & 0x40) {    # 3GPP TS 23.040 §9.2.3.24.1: length 5, IE 0, 3 octets
            (my ($reference), $total, $number) = unpack 'x3 CCC', $octets;
            $octets = substr $octets, 1 + ord $octets;
        } elsif (defined $part->{sar_total_segments}) {
            ($total, $number) = (ord $part->{sar_total_segments}, ord $part->{sar_segment_seqnum});
        }
        $by_number{$number} = Encode::decode($part->{data_coding} == 8 ? 'UCS-2BE' : 'gsm0338', $octets);
    }
    return undef if keys %by_number < $total;
    return join '', map { $by_number{$_} // die "net-smpp: part $_ of $total is not there\n" } 1 .. $total;
}

1;

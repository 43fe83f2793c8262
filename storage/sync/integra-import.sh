#!/usr/bin/env bash
# Reads a file drop as an agency does: checks every batch, keeps each note once, says what became of it.
# Needs bash, age, openssl 3, sha256sum, jq. The format: docs/formats/file-drop.md.
#
#   integra-import.sh --drop DIR --store DIR --identity FILE --sender-key PEM [--sender-key PEM]...
#                     [--ack-key PEM] [--each COMMAND] [--go-on-with BATCH]
#   integra-import.sh --store DIR --digest
#
#   --drop        holds outgoing/ (read) and acks/ (written)
#   --store       the agency's own: what was imported, and how far; kept as long as the case system is
#   --identity    the agency's age key, AGE-SECRET-KEY-1...
#   --sender-key  the sender's public key: integra sync public-key; earlier ones too
#   --ack-key     the agency's Ed25519 private key: openssl genpkey -algorithm ed25519 -out ack.pem
#   --each        run for each new note, the event on standard input. Exit 0: taken, it may print the record's id
#                 (one line; 255 characters are kept); 65: refused, it may print a reason: a code, as other
#                 characters than a-z and 0-9 become hyphens, 32 of them are kept, and it leaves this house (so no
#                 names); else: stop here, and try again next time
#   --go-on-with  batches before this one are lost for good (the store comes from a backup, the files are gone): begin
#                 again with it. The sender delivers the notes of those batches anew: integra sync reconcile --fix
#   --digest      print a digest for each day, to be compared with: integra sync reconcile
#
# Exit: 0 all there is was imported; 1 something is wrong, nothing of that batch was imported; 2 asked wrongly;
# 3 a batch is missing.
set -euo pipefail
export LC_ALL=C
umask 077

drop= store= identity= ack_key= each= digest= go_on_with=
sender_keys=()
die() { printf 'integra-import: %s\n' "$2" >&2; exit "$1"; }
while [ $# -gt 0 ]; do
    case $1 in
        --drop) drop=${2:?}; shift 2 ;;
        --store) store=${2:?}; shift 2 ;;
        --identity) identity=${2:?}; shift 2 ;;
        --sender-key) sender_keys+=("${2:?}"); shift 2 ;;
        --ack-key) ack_key=${2:?}; shift 2 ;;
        --each) each=${2:?}; shift 2 ;;
        --go-on-with) go_on_with=${2:?}; shift 2 ;;
        --digest) digest=yes; shift ;;
        *) die 2 "unknown option $1; see the first lines of this script" ;;
    esac
done
[ -n "$store" ] || die 2 "say where notes are kept: --store"
for tool in age openssl sha256sum jq; do command -v "$tool" >/dev/null || die 2 "$tool is not installed"; done
mkdir -p "$store/notes" "$store/acks"

if [ -n "$digest" ]; then
    lines=$(mktemp "$store/digest.XXXXXX")
    trap 'rm -f "$lines"' EXIT
    find "$store/notes" -name '*.json' -exec cat {} + |
        jq -r '"\(.time[0:10]) \(.data.note_id)|\(.data.note_version)|\(.data.payload_sha256)"' | sort >"$lines"
    cut -d' ' -f1 "$lines" | uniq | while read -r day; do
        printf '%s  %s\n' "$day" "$(grep "^$day " "$lines" | cut -d' ' -f2 | sha256sum | cut -c1-64)"
    done
    exit 0
fi

[ -n "$drop" ] && [ -n "$identity" ] && [ ${#sender_keys[@]} -gt 0 ] ||
    die 2 "--drop, --identity and --sender-key are needed"
exec 9>"$store/lock"
flock -n 9 || die 1 "another import is running"
clear=$(mktemp -d "$store/clear.XXXXXX")
trap 'rm -rf "$clear"' EXIT
zeros=$(printf '0%.0s' {1..64})
state=$store/state.json
[ -e "$state" ] || jq -nc --arg z "$zeros" '{batch: 0, seq: 0, head: $z, manifest_sha256: $z}' >"$state"

# Writes a file that is whole or not there.
put() { cat >"$1.part" && mv "$1.part" "$1"; }

# A reason as an acknowledgement may carry it, of whatever was said: "Unknown case!" is unknown-case.
code_of() { printf '%s' "$1" | tr 'A-Z' 'a-z' | tr -cs 'a-z0-9' '-' | sed 's/^-//' | cut -c1-32 | sed 's/-$//'; }

acknowledge() { # number, stream; the file's content on standard input
    [ -n "$ack_key" ] || { cat >/dev/null; return 0; }
    local name; name=$(printf 'ack-%s-%010d' "$2" "$1")
    put "$store/acks/$name.json"
    openssl pkeyutl -sign -inkey "$ack_key" -rawin -in "$store/acks/$name.json" -out "$store/acks/$name.sig"
    # One that stood there before goes first: whoever reads meanwhile must not find it beside another's signature.
    rm -f "$drop/acks/$name.json"
    put "$drop/acks/$name.sig" <"$store/acks/$name.sig"
    put "$drop/acks/$name.json" <"$store/acks/$name.json"
}

stream=
for manifest in "$drop"/outgoing/notes-*.manifest.json; do
    [ -e "$manifest" ] || break
    name=${manifest##*/} name=${name%.manifest.json}
    found=${name#notes-} found=${found%-*}
    [ "$found" = "${stream:-$found}" ] || die 1 "two streams lie in this folder"
    stream=$found number=$((10#${name##*-}))
    last=$(jq .batch "$state")
    if [ "$number" -le "$last" ]; then
        # Read before. It lies here again, so the sender may not have heard.
        ack=$(printf 'ack-%s-%010d' "$stream" "$number")
        if [ -e "$store/acks/$ack.json" ] && [ ! -e "$drop/acks/$ack.json" ]; then
            acknowledge "$number" "$stream" < <(cat "$store/acks/$ack.json")
        fi
        continue
    fi
    was=$state
    if [ "$number" -ne $((last + 1)) ] && [ "$number" = "$go_on_with" ]; then
        was=$clear/was # what it follows is believed by its signature alone
        jq -c '{batch: (.batch - 1), seq: (.first_seq - 1), head: "", manifest_sha256: .prev_manifest_sha256}' \
            "$manifest" >"$was" || die 1 "the manifest of batch $number cannot be read"
    elif [ "$number" -ne $((last + 1)) ]; then
        jq -nc --arg stream "$stream" --argjson batch $((last + 1)) \
            '{format: "integra-ack-1", stream: $stream, batch: $batch, status: "missing"}' |
            acknowledge $((last + 1)) "$stream"
        die 3 "batch $((last + 1)) is missing; the sender was asked for it (lost for good? --go-on-with $number)"
    fi

    signed=
    for key in "${sender_keys[@]}"; do
        openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$manifest" \
            -sigfile "${manifest%.json}.sig" >/dev/null 2>&1 && signed=yes
    done
    [ -n "$signed" ] || die 1 "batch $number is not signed by the sender"
    jq -e --slurpfile was "$was" --arg stream "$stream" --argjson batch "$number" '
        .format == "integra-drop-1" and .stream == $stream and .batch == $batch and .first_seq == $was[0].seq + 1
        and .prev_manifest_sha256 == $was[0].manifest_sha256' "$manifest" >/dev/null ||
        die 1 "batch $number does not follow the one before"
    data=$drop/outgoing/$name.jsonl.age
    [ "$(sha256sum <"$data" | cut -c1-64)" = "$(jq -r .data_sha256 "$manifest")" ] ||
        die 1 "the data of batch $number is not whole; copy it again"
    age -d -i "$identity" -o "$clear/lines" "$data" || die 1 "batch $number does not open with this key"

    jq -r '[.seq, .prev, .event.id] | @tsv' "$clear/lines" >"$clear/index"
    seq=$(jq .seq "$was") prev=$(jq -r .head "$was")
    [ -n "$prev" ] || IFS=$'\t' read -r _ prev _ <"$clear/index" || die 1 "batch $number holds nothing"
    while IFS=$'\t' read -r line_seq line_prev id <&3 && IFS= read -r line <&4; do
        seq=$((seq + 1))
        [ "$line_seq" = "$seq" ] && [ "$line_prev" = "$prev" ] || die 1 "line $seq of batch $number is not in its place"
        [[ $id =~ ^[0-9a-f]{32}\.v[0-9]+$ ]] || die 1 "line $seq of batch $number is no note"
        prev=$(printf '%s' "$line" | sha256sum | cut -c1-64)
    done 3<"$clear/index" 4<"$clear/lines"
    jq -e --argjson seq "$seq" --arg head "$prev" '.last_seq == $seq and .head == $head' "$manifest" >/dev/null ||
        die 1 "batch $number ends otherwise than it says"

    : >"$clear/results"
    while IFS=$'\t' read -r _ _ id <&3 && IFS= read -r line <&4; do
        kept=$store/notes/$id.json status=accepted remote= reason=
        if [ -e "$kept" ]; then
            remote=$(cat "$store/notes/$id.remote" 2>/dev/null || true)
        else
            printf '%s' "$line" | jq -c .event >"$clear/event"
            if [ -n "$each" ]; then
                code=0
                said=$(bash -c "$each" <"$clear/event") || code=$?
                said=${said%%$'\n'*} said=${said:0:2000}
                case $code in
                    0) remote=$said ;;
                    65) status=refused reason=$(code_of "$said") ;;
                    *) die 1 "the command for each note failed at line $seq of batch $number; nothing is acknowledged" ;;
                esac
            fi
            if [ "$status" = accepted ]; then
                printf '%s' "$remote" | put "$store/notes/$id.remote"
                put "$kept" <"$clear/event"
            fi
        fi
        jq -nc --arg id "${id%.v*}" --argjson version "${id##*.v}" --arg status "$status" --arg remote "$remote" \
            --arg reason "$reason" \
            '{note_id: $id, note_version: $version, status: $status, reason: $reason,
              remote_id: ($remote | gsub("[^\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ]"; "") | .[0:255])}' >>"$clear/results"
    done 3<"$clear/index" 4<"$clear/lines"

    hash=$(sha256sum <"$manifest" | cut -c1-64)
    jq -sc --slurpfile m "$manifest" --arg hash "$hash" '
        {format: "integra-ack-1", stream: $m[0].stream, batch: $m[0].batch,
         status: (if all(.[]; .status == "accepted") then "accepted" else "partial" end),
         manifest_sha256: $hash, last_seq: $m[0].last_seq, head: $m[0].head, results: .}' "$clear/results" |
        acknowledge "$number" "$stream"
    jq -c --arg hash "$hash" '{batch, seq: .last_seq, head, manifest_sha256: $hash}' "$manifest" | put "$state"
    printf 'batch %d: %d notes, %d taken\n' "$number" "$(wc -l <"$clear/index")" \
        "$(jq -s 'map(select(.status == "accepted")) | length' "$clear/results")"
    rm -f "$clear/lines" "$clear/event"
done

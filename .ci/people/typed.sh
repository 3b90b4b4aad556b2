# shellcheck shell=bash
# Types commands as somebody would, and notes what each of them takes. A script sets `who` and `most`,
# calls `typed` for every command that counts, and ends with `summary`.

typed_seconds=()
typed_commands=()

typed() { # one command line
    printf '\n%s$ %s\n' "$who" "$1"
    local TIMEFORMAT="%R %U %S" took
    { time eval "$1" 2>&3; } 3>&2 2> .seconds
    read -r -a took < .seconds
    typed_seconds+=("${took[*]}")
    typed_commands+=("$1")
}

summary() { # [the most seconds of processor time, without installing awb]
    local number
    {
        printf '%s, %d commands (at most %d)\n' "$who" "${#typed_commands[@]}" "$most"
        printf '%8s %8s\n' "seconds" "of CPU"
        for number in "${!typed_commands[@]}"; do
            printf '%s %s\n' "${typed_seconds[number]}" "${typed_commands[number]}"
        done | awk -v limit="${1:-0}" '{
            command = $0
            sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", command)
            printf "%8.1f %8.1f  %s\n", $1, $2 + $3, command
            if (command !~ /^python -m pip install .*audio_where_benchmark/) { wall += $1; cpu += $2 + $3 }
        } END {
            printf "%8.1f %8.1f  together, without the installation of awb\n", wall, cpu
            if (limit && cpu > limit) { printf "more than %d s\n", limit; exit 1 }
        }'
    } | tee -a "${SECONDS_TABLE:-/dev/null}"
    [ "${#typed_commands[@]}" -le "$most" ] || { echo "$who: more than $most commands" >&2; exit 1; }
}

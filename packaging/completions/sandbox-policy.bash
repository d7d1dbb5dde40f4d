# bash completion for sandbox-policy(1)                                   -*- shell-script -*-

# The built-in policies, as they are written on the command line. A ':' ends a word for bash.
_sandbox_policy_profiles() {
    local profiles
    profiles=$("$1" list profiles 2>/dev/null | sed 's/ .*//; s/^/profile:/')
    COMPREPLY+=($(compgen -W "$profiles" -- "$cur"))
}

# Behind record's own words stands a program, with a completion of its own. False: it is one of record's own words.
_sandbox_policy_program() {
    # In --option=value the '=' is a word of its own here.
    local i=2
    while ((i < COMP_CWORD)); do
        case ${COMP_WORDS[i]} in
            --)
                ((i++))
                break
                ;;
            -o | --output | --merge | --default | --assume)
                [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
                ((i += 2))
                ;;
            -?*) ((i++)) ;;
            *) break ;;
        esac
    done
    ((i > COMP_CWORD)) && return 1
    [[ $i -eq $COMP_CWORD && ${COMP_WORDS[i]} == -* && ${COMP_WORDS[i - 1]} != -- ]] && return 1
    _command_offset "$i"
    return 0
}

_sandbox_policy() {
    local cur prev words cword
    _init_completion -n =: || return

    local commands='check show explain disasm diff test convert compile record list audit'
    if ((cword == 1)); then
        COMPREPLY=($(compgen -W "$commands --help --version" -- "$cur"))
        return
    fi
    local command=${words[1]} option=$prev value=$cur
    if [[ $command == record ]] && _sandbox_policy_program; then
        return
    fi
    if [[ $cur == --*=* ]]; then
        option=${cur%%=*}
        value=${cur#*=}
    fi
    case $option in
        --format)
            local formats='text json'
            [[ $command == test ]] && formats+=' tap junit'
            COMPREPLY=($(compgen -W "$formats" -- "$value"))
            return
            ;;
        --to)
            COMPREPLY=($(compgen -W 'beats oci k8s systemd bpf yaml json docker podman kubernetes' -- "$value"))
            return
            ;;
        --fail-on)
            COMPREPLY=($(compgen -W 'any looser stricter' -- "$value"))
            return
            ;;
        --cap)
            COMPREPLY=($(compgen -W 'none docker own' -- "$value"))
            return
            ;;
        --kernel)
            COMPREPLY=($(compgen -W 'running' -- "$value"))
            return
            ;;
        --arch | --machine)
            COMPREPLY=($(compgen -W "$("$1" list architectures 2>/dev/null | sed 's/ .*//')" -- "$value"))
            return
            ;;
        -o | --output | --merge)
            cur=$value
            _filedir
            return
            ;;
        --default)
            COMPREPLY=($(compgen -W "errno kill_process kill_thread trap" -- "$value"))
            return
            ;;
        --call)
            COMPREPLY=($(compgen -W "$("$1" list syscalls 2>/dev/null | sed 's/^[0-9]* *//; s/ .*//')" -- "$value"))
            return
            ;;
        --assume)
            COMPREPLY=($(compgen -W "$("$1" list sets 2>/dev/null | sed -n 's/^\(@[^ ]*\).*/\1/p')
                $("$1" list syscalls 2>/dev/null | sed 's/^[0-9]* *//; s/ .*//')" -- "$value"))
            return
            ;;
        --pid | --systemd-version) return ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$("$1" "$command" --help 2>/dev/null |
            sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p')" -- "$cur"))
        return
    fi
    case $command in
        list)
            COMPREPLY=($(compgen -W 'syscalls sets actions architectures profiles constants' -- "$cur"))
            ;;
        explain)
            # The first word that is no option is the file, the second the call.
            local i files=0
            for ((i = 2; i < cword; ++i)); do
                case ${words[i]} in
                    --arch | --machine | --format | --cap | --kernel) ((++i)) ;;
                    -*) ;;
                    *) ((++files)) ;;
                esac
            done
            case $files in
                0)
                    _filedir
                    _sandbox_policy_profiles "$1"
                    ;;
                1) COMPREPLY=($(compgen -W "$("$1" list syscalls 2>/dev/null | sed 's/^[0-9]* *//; s/ .*//')" -- "$cur")) ;;
                *) COMPREPLY=($(compgen -W "$("$1" list constants 2>/dev/null | sed 's/ .*//')" -- "$cur")) ;;
            esac
            ;;
        check | show | disasm | diff | convert | compile)
            _filedir
            _sandbox_policy_profiles "$1"
            ;;
        test | audit) _filedir ;;
    esac
    __ltrim_colon_completions "$cur"
} && complete -F _sandbox_policy sandbox-policy

# bash completion for sandbox-run(1)                                      -*- shell-script -*-

_sandbox_run() {
    local cur prev words cword
    _init_completion || return

    # Which word is the program? Everything before it is ours. In --option=value the '=' is a word of its own.
    local i=1
    while ((i < cword)); do
        case ${words[i]} in
            --)
                ((i++))
                break
                ;;
            -p | --policy | --profile | --deny | --bpf | --no-new-privs | --cap)
                [[ ${words[i + 1]} == = ]] && ((i++))
                ((i += 2))
                ;;
            --report)
                [[ ${words[i + 1]} == = ]] && ((i += 2))
                ((i++))
                ;;
            -?*) ((i++)) ;;
            *) break ;;
        esac
    done
    if ((i < cword)) || [[ $i -eq $cword && ${words[i - 1]} == -- ]]; then
        _command_offset "$i"
        return
    fi

    if [[ $prev == = ]]; then
        prev=${words[cword - 2]}
    elif [[ $cur == = ]]; then
        cur=
    elif [[ $prev == --report ]]; then
        prev= # Its file stands behind '=' only.
    fi
    case $prev in
        -p | --policy | --bpf | --report)
            _filedir
            return
            ;;
        --profile)
            COMPREPLY=($(compgen -W "$("$1" --list-profiles 2>/dev/null | sed -n 's/^\([^ ][^ ]*\) .*/\1/p')" -- "$cur"))
            return
            ;;
        --deny)
            # The last name of a list; the sets alone, of which there are few.
            COMPREPLY=($(compgen -P "${cur%"${cur##*,}"}" -W "$(sandbox-policy list sets 2>/dev/null | grep -o '^@[a-z0-9-]*')
                ptrace socket connect execve fork unshare mount bpf" -- "${cur##*,}"))
            return
            ;;
        --cap)
            # The last name of a list; what stands before it is kept.
            COMPREPLY=($(compgen -P "${cur%"${cur##*,}"}" -W 'none docker own chown dac_override dac_read_search fowner fsetid kill
                setgid setuid setpcap net_bind_service net_admin net_raw ipc_lock sys_module sys_rawio sys_chroot
                sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod audit_write
                audit_control setfcap syslog perfmon bpf' -- "${cur##*,}"))
            return
            ;;
        --no-new-privs)
            COMPREPLY=($(compgen -W 'true false' -- "$cur"))
            return
            ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W '--policy --profile --deny --no-network --no-unix --no-exec --bpf
            --no-new-privs= --token-visible --log --report --report= --permissive --cap --kernel-widths --dry-run --list-profiles --verbose --quiet --version --help' -- "$cur"))
        [[ ${COMPREPLY-} == *= ]] && compopt -o nospace
    else
        _command_offset "$cword"
    fi
} && complete -F _sandbox_run sandbox-run

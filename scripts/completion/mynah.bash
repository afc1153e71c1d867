# mynah.bash - completion for mynah and mynahd in bash.
#
# Commands, options and questions are read from the program's own help, so there is no second
# list of them. The program that is typed is the one that is asked.

_mynah_files()
{
	local pattern
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <({
		compgen -d -- "$cur"
		for pattern; do
			compgen -f -X "!$pattern" -- "$cur"
		done
	} | sort -u)
}

_mynah_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

# Long options, and the letters of those that have one.
_mynah_options()
{
	_mynah_words "$("$@" --help 2>/dev/null | sed -nE 's/^  (-.,|   ) (--[a-z-]+).*/\2/p') --help"
}

# The value of an option; false: it takes none, or any.
_mynah_value()
{
	case $1 in
	-o|--output)	_mynah_files '*.mynah' ;;
	-b|--basis|-m|--model)	_mynah_files '*.mynah' ;;
	-r|--report|--transcripts|-H|--html)	_mynah_files '*' ;;
	-t)		[[ $command = eval || $command = simulate ]] && _mynah_files '*' ;;
	-S|--server)	_mynah_words runtime prisma ;;
	--socket)	_mynah_files '*' ;;
	-s)		[ "$command" = ctl ] && _mynah_files '*' ;;
	-k|--order)	_mynah_words 1 2 4 ;;
	-L|--learner)	_mynah_words auto prisma scriptgen mining ;;
	-d|--definition)	[[ $command = learn || $command = eval ]] && _mynah_files '*.service' ;;
	-c|--clusterer)	[ "$command" = learn ] && _mynah_words nmf linkage first-token reply-supervised template ;;
	-p|--port)	_mynah_words tcp/ udp/ && compopt -o nospace 2>/dev/null; true ;;
	*)		false ;;
	esac
}

_mynah_question()
{
	local i word
	for ((i = 2; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-s|--socket)	((i++)) ;;
		-*)		;;
		load)		_mynah_files '*.mynah'; return ;;
		*)		return ;;
		esac
	done
	_mynah_words "$("$program" ctl --help 2>/dev/null |
	    sed -nE '/^Commands:/,$s/^  ([a-z]+).*/\1/p')"
}

_mynah()
{
	local program=$1 cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[1]}
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		_mynah_words "$("$program" --help 2>/dev/null | sed -nE 's/^  mynah ([a-z]+).*/\1/p')" \
		    --help --version
	elif _mynah_value "$before"; then
		:
	elif [[ $cur == -* ]]; then
		_mynah_options "$program" "$command"
	else
		case $command in
		learn)		_mynah_files '*.pcap' '*.pcap.gz' '*.pcapng' '*.pcapng.gz' '*.cap' ;;
		eval|replay)	_mynah_files '*.mynah' '*.pcap' '*.pcap.gz' '*.pcapng' '*.pcapng.gz' '*.cap' ;;
		compile)	_mynah_files '*.txt' ;;
		ctl)		_mynah_question ;;
		*)		_mynah_files '*.mynah' ;;
		esac
	fi
}

_mynahd()
{
	local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	case $before in
	-c|--config)	_mynah_files '*.yaml' '*.yml' ;;
	*)		_mynah_options "$1" ;;
	esac
}

complete -F _mynah mynah
complete -F _mynahd mynahd
